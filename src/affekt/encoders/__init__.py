"""Pretrained encoders: where they come from, how they are trained, pooling."""
