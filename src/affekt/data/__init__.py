"""Data sets: one module (or package) each, which reads annotations into samples."""
