"""Skipped items by their reasons: equal reasons are one line with a count."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePath

from affekt.core.sample import Skipped

_MOST = 1000  # reasons that are counted one by one
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


class SkipReasons:
    """Counts skipped items by reason; memory grows with the number of reasons, not of items.

    Reasons are equal if they differ only in the name of the item and in numbers.
    """

    def __init__(self) -> None:
        self._first: dict[str, Skipped] = {}
        self._more: dict[str, int] = {}

    def add(self, item: Skipped) -> bool:
        """Count an item; whether it is the first with its reason."""
        names = "|".join(re.escape(name) for name in (item.id, PurePath(item.id).name) if name)
        unnamed = re.sub(rf"(?<!\w)(?:{names})(?!\w)", "", item.reason) if names else item.reason
        key = _NUMBERS.sub("#", unnamed)
        if key not in self._first and len(self._first) >= _MOST:
            key = ""  # all further reasons
        if key in self._first:
            self._more[key] = self._more.get(key, 0) + 1
            return False
        self._first[key] = item
        return True

    def further(self) -> list[str]:
        """Lines on the items that were not the first, since the last call."""
        found = [
            f"skipped {count} more for the reason of {self._first[key].id}"
            for key, count in self._more.items()
        ]
        self._more = {}
        return found

    def lines(self) -> list[str]:
        """A line for each reason, with the number of items that share it."""
        return [
            f"skipped {item}{f' ({more} more for this reason)' if (more := self._more.get(key)) else ''}"
            for key, item in self._first.items()
        ]


def skip_lines(items: Iterable[Skipped]) -> list[str]:
    """A line for each reason of skipped items.

    Example:
        >>> skip_lines([Skipped("a.png", "a.png is empty"), Skipped("b.png", "b.png is empty")])
        ['skipped a.png is empty (1 more for this reason)']
    """
    reasons = SkipReasons()
    for item in items:
        reasons.add(item)
    return reasons.lines()
