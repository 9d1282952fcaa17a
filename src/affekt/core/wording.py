"""Numbers of things in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_SIBILANTS = ("s", "x", "z", "ch", "sh")


def plural(noun: str) -> str:
    """The plural of a regular noun; of several words the last one changes, or the one before `of` or `in`.

    Example:
        >>> plural("clip"), plural("class"), plural("study"), plural("day"), plural("row of scores")
        ('clips', 'classes', 'studies', 'days', 'rows of scores')
    """
    for link in (" of ", " in "):
        head, found, rest = noun.partition(link)
        if found:
            return plural(head) + found + rest
    if noun.endswith(_SIBILANTS):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def counted(number: int, noun: str) -> str:
    """A number of things.

    Args:
        noun: In the singular.

    Example:
        >>> counted(1, "row"), counted(2, "row"), counted(3, "match")
        ('1 row', '2 rows', '3 matches')
    """
    return f"{number} {noun if number == 1 else plural(noun)}"


def count(things: Sequence[Any], noun: str) -> str:
    """`1 walk`, `2 walks`."""
    return counted(len(things), noun)
