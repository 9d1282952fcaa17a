"""Data sets with several modalities, as features or media."""
