"""Checks of data sets of words: lines, dialogues, repeated lines, lengths, and lines that look broken."""
