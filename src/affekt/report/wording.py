"""How findings are put into sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SHOWN = 3  # examples in a sentence
UNASSIGNED = "unassigned"  # samples that no part of the data set claims


def count(things: Sequence[Any], noun: str) -> str:
    """`1 walk`, `2 walks`."""
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def some(names: Sequence[str]) -> str:
    """The first few names, and how many more there are."""
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
