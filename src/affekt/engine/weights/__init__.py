"""Weights: checkpoints, starting points, conversion of published files."""
