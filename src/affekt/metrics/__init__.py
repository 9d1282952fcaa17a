"""Plain functions of arrays."""
