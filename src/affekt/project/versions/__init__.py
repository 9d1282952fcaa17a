"""Frozen splits, and versions of the data set that runs can refer to."""
