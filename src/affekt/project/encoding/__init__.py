"""Encoding of all modalities before training: vectors of each item, computed once and kept by content."""
