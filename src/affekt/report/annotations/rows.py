"""Annotations in rows: those of one row must not overlap in ELAN."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from affekt.report.annotations.times import milliseconds

Item = TypeVar("Item")


def in_rows(timed: Iterable[tuple[float, float, Item]]) -> list[list[tuple[float, float, Item]]]:
    """Items in order of time, in as many rows as are needed for no two to overlap in one.

    Times are rounded to milliseconds, the unit of the document, so that rounding makes no overlap. An item of
    no duration is given a millisecond.

    Example:
        >>> [len(row) for row in in_rows([(0.0, 2.0, "a"), (1.0, 3.0, "b"), (2.0, 3.0, "c")])]
        [2, 1]
    """
    rows: list[list[tuple[float, float, Item]]] = []
    for start, end, item in timed:
        first = milliseconds(start)
        last = max(milliseconds(end), first + 1)
        row = next((row for row in rows if milliseconds(row[-1][1]) <= first), None)
        if row is None:
            row = []
            rows.append(row)
        row.append((first / 1000, last / 1000, item))
    return rows
