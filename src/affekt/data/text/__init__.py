"""Data sets of words: lines, and dialogues of several speakers. What they share is in `turns`."""
