"""How findings are put into sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

SHOWN = 3  # examples in a sentence
UNASSIGNED = "unassigned"  # samples that no part of the data set claims

# What neither XML nor HTML can hold: control characters but tab and line ends, and halves of characters,
# which stand for undecodable bytes in the names of files.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def count(things: Sequence[Any], noun: str) -> str:
    """`1 walk`, `2 walks`."""
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def printable(text: object) -> str:
    """Text without what XML and HTML cannot hold; names of files may have it.

    Example:
        >>> printable("clip" + chr(7) + chr(0xDCFF) + ".mp4")
        'clip��.mp4'
    """
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", str(text))
