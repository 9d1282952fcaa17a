"""Whether lines are English: by the share of words that English sentences cannot do without.

It tells English from other languages in Latin script, for networks that read English only. Words that are
also words of such a language, as `in`, `so`, `a` and `me` are, do not count. Of all runs of five lines of MELD,
EmoryNLP and GoEmotions, 5.6 % of the words and more are frequent English ones, of twenty-five lines 25 % and
more; of sentences of seven other languages none (`tests/media/text/test_english.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LEAST_WORDS = 20  # fewer words show nothing
LEAST_SHARE = 0.05
_WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)?")
_WORDS = frozenset(
    ["the", "an", "and", "but", "if", "to", "for", "with", "from", "by", "about", "up", "out", "it", "are", "were", "be", "been", "does", "did", "have", "has", "had", "will", "would", "can", "could", "should", "not", "yes", "this", "that", "these", "those", "there", "here", "what", "who", "how", "why", "when", "where", "which", "i", "you", "she", "they", "them", "my", "your", "his", "its", "our", "their", "just", "very", "really", "oh", "well", "like", "get", "got", "know", "think", "want", "let", "i'm", "you're", "he's", "she's", "it's", "we're", "they're", "i've", "you've", "don't", "didn't", "can't", "won't", "isn't", "wasn't", "i'll", "you'll", "i'd", "that's", "what's", "there's", "let's"]
)


def english_share(lines: Iterable[str]) -> float | None:
    """Share of the words that are frequent English ones; None if there are too few words to tell.

    Example:
        >>> english_share(["Where did you get that? " * 4])
        1.0
    """
    words = [word.lower().replace("\u2019", "'") for line in lines for word in _WORD.findall(line)]
    if len(words) < LEAST_WORDS:
        return None
    return sum(word in _WORDS for word in words) / len(words)


def is_english(lines: Iterable[str]) -> bool | None:
    """Whether lines are English; None if that cannot be told."""
    share = english_share(lines)
    return None if share is None else share >= LEAST_SHARE
