"""Fusion of vectors of several modalities, any of which may be missing, into one vector."""
