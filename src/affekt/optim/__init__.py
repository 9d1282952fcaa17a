"""Optimizers that PyTorch does not bring."""
