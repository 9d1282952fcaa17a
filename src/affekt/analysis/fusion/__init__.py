"""Fusion: one curve per person from the answers of several modalities."""

from affekt.analysis.fusion.fuse import fuse

__all__ = ["fuse"]
