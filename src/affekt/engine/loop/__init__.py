"""The training loop, in terms of Lightning."""
