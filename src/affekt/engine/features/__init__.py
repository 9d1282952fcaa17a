"""Frozen encoders: features that are computed once, cached or stored."""
