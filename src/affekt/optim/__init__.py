"""Optimizers that are not part of PyTorch."""
