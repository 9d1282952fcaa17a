"""Jittor as an engine: a graph becomes a Jittor module in a process of its own environment.

Jittor needs NumPy below 2 and does not share a process with PyTorch. So `computing/` is a package that
imports nothing of affekt: `computing/start.py` runs it with the Python of Jittor's environment.
"""
