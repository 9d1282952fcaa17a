"""Blocks that two or more rooms use."""
