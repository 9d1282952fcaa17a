"""Numbers of things in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_SIBILANTS = ("s", "x", "z", "ch", "sh")
_HARD = ("epoch",)  # end in ch without its sound


def plural(noun: str) -> str:
    """The plural of a regular noun; of several words the last one changes, or the one before `of` or `in`.

    Example:
        >>> plural("clip"), plural("class"), plural("epoch"), plural("study"), plural("row of scores")
        ('clips', 'classes', 'epochs', 'studies', 'rows of scores')
    """
    for link in (" of ", " in "):
        head, found, rest = noun.partition(link)
        if found:
            return plural(head) + found + rest
    if noun.endswith(_SIBILANTS) and not noun.endswith(_HARD):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"


def singular(noun: str) -> str:
    """The singular of the plural of a noun whose plural has only one letter more.

    Example:
        >>> singular("rows"), singular("row")
        ('row', 'row')
    """
    return noun.removesuffix("s")


def counted(number: int, noun: str) -> str:
    """A number of things.

    Args:
        noun: In the singular.

    Example:
        >>> counted(1, "row"), counted(2, "row"), counted(3, "match")
        ('1 row', '2 rows', '3 matches')
    """
    return f"{number} {noun if number == 1 else plural(noun)}"


def are(number: int) -> str:
    """The verb after a number of things.

    Example:
        >>> f"1 item {are(1)} left out, 2 items {are(2)}"
        '1 item is left out, 2 items are'
    """
    return "is" if number == 1 else "are"


def have(number: int) -> str:
    """`has` after one thing, `have` after several."""
    return "has" if number == 1 else "have"


def count(things: Sequence[Any], noun: str) -> str:
    """`1 walk`, `2 walks`."""
    return counted(len(things), noun)
