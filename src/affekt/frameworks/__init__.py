"""Frameworks that compute a network in training in place of PyTorch, a folder each (`engine.framework`)."""
