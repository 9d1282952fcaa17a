"""Pretrained encoders of pictures and video: what they read, the network, pooling."""
