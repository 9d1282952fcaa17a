"""Pretrained encoders of sound: what they read, the network, pooling over the real positions."""
