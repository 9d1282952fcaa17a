"""The words of a medium: lines with their times and speakers, and the answer of a network to each."""

from affekt.analysis.words.find import WordSettings, find_words

__all__ = ["WordSettings", "find_words"]
