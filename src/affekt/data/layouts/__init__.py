"""Readers that several data sets share: class folders, manifests, published splits, tables."""
