"""Data sets of small vectors, and a task without labels."""
