"""Bytes to arrays. No torch: the same readers serve training and the light runtime."""
