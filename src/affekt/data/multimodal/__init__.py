"""Data sets of lines with words, sound and picture, or with features of these."""
