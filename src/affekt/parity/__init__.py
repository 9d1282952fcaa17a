"""Parity with reference networks: cases and their comparison. For development; not part of the wheel."""
