"""Votes of FER+: ten annotators for each face of FER2013 (Barsoum et al., 2016).

A vote is for one of eight emotions, `unknown`, or `NF` (no face). Contempt is not a class of FER2013.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.data.layouts.tables import csv_rows, text_of

CLASSES = label_set("fer-7").names
NAMES = (*CLASSES, "contempt", "unknown", "NF")

Votes = Mapping[str, int]  # counts by name; names without a vote are omitted


class VotedRow(NamedTuple):
    """A row of `fer2013new.csv`: the votes for the face in the same row of `fer2013.csv`."""

    usage: str | None
    votes: Votes | str


def read_voted_rows(path: Path) -> Iterator[VotedRow]:
    """Rows of the file that FER+ published.

    Raises:
        DataError: It cannot be read, or lacks a column.
    """
    for _, row in csv_rows(path, ("Usage", *NAMES)):
        yield VotedRow(text_of(row, "Usage"), votes_of(row))


def votes_of(row: Mapping[str, Any], prefix: str = "") -> Votes | str:
    """The votes in a row, or what is wrong with them."""
    votes: dict[str, int] = {}
    for name in NAMES:
        count = text_of(row, prefix + name) or "0"
        if not count.isdecimal():
            return f"{prefix}{name} is {count!r}, not a number of votes"
        if int(count):
            votes[name] = int(count)
    return votes


def shares(votes: Votes) -> dict[str, float]:
    """Votes for the seven classes as shares that sum to 1; empty if none of them got a vote.

    Example:
        >>> shares({"fear": 3, "surprise": 1, "unknown": 6})
        {'fear': 0.75, 'surprise': 0.25}
    """
    total = sum(votes.get(name, 0) for name in CLASSES)
    return {name: votes[name] / total for name in CLASSES if votes.get(name)}


def mixed(votes: Votes, label: str, label_share: float) -> dict[str, float]:
    """Shares of the votes, with a fixed share for the original label.

    Example:
        >>> mixed({"fear": 3, "surprise": 1}, "fear", 0.5)
        {'fear': 0.875, 'surprise': 0.125}
    """
    voted = shares(votes)
    if not voted:
        return {label: 1.0}
    weights = {name: (1 - label_share) * share for name, share in voted.items()}
    weights[label] = weights.get(label, 0.0) + label_share
    return {name: weight for name, weight in weights.items() if weight}


def strongest(votes: Votes) -> str:
    """The class with more votes than any other name.

    Raises:
        DataError: Votes are tied, or most are not for one of the seven classes.
    """
    most = max(votes.values(), default=0)
    first = [name for name, count in votes.items() if count == most]
    if len(first) != 1:
        raise DataError(f"its votes are tied: {' and '.join(first) or 'no name'} got most votes")
    if first[0] not in CLASSES:
        raise DataError(f"most votes are for {first[0]}, which is not one of {', '.join(CLASSES)}")
    return first[0]
