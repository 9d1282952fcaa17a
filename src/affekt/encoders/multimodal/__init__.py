"""Text, sound and picture of a sample, any of which may be missing, encoded, fused and decided on.

Network, preprocessing and objective that several methods share. It lies above `encoders`, whose networks it
holds, and below the methods, which state their own settings and weights.
"""
