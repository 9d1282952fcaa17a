"""`Text`: words, where a str could also be the name of a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Words that a network is to answer; never a path.

    Example:
        >>> Text("dialogue.srt").words
        'dialogue.srt'
    """

    words: str
