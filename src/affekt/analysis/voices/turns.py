"""Turns of speech: cut where another person begins by the lines, and long ones cut into windows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from affekt.core.timeline.parts import SpokenLine


class Turn(NamedTuple):
    """A stretch of speech.

    Attributes:
        speaker: Who has it; empty if it is not known.
    """

    start_s: float
    end_s: float
    speaker: str = ""

    @property
    def length_s(self) -> float:
        return self.end_s - self.start_s


def turns_of(
    spans_s: Iterable[tuple[float, float]], lines: Sequence[SpokenLine], *, least_s: float
) -> list[Turn]:
    """Stretches of speech as turns, each of the person whose lines overlap it most.

    A stretch that holds lines of several persons is cut in the middle between the end of a line and the
    beginning of the next person's.

    Args:
        lines: Those with a `person` count.
        least_s: No part is cut off that is shorter.
    """
    named = sorted((line for line in lines if line.person), key=lambda line: (line.start_s, line.end_s))
    ends_s, latest_s = [], 0.0  # the latest end of a line so far, so that a search may stop early
    for line in named:
        latest_s = max(latest_s, line.end_s)
        ends_s.append(latest_s)
    turns: list[Turn] = []
    first = 0
    for start_s, end_s in spans_s:
        while first < len(named) and ends_s[first] <= start_s:
            first += 1
        inside = []
        for line in named[first:]:
            if line.start_s >= end_s:
                break
            if line.end_s > start_s:
                inside.append(line)
        edges = [start_s, *_edges(inside, start_s, end_s, least_s), end_s]
        for begin_s, stop_s in pairwise(edges):
            turns.append(Turn(begin_s, stop_s, _speaker(inside, begin_s, stop_s)))
    return turns


def windows_of(turn: Turn, longest_s: float) -> list[tuple[float, float]]:
    """A turn in equal parts of at most `longest_s`.

    Example:
        >>> windows_of(Turn(1.0, 4.0), 2.0)
        [(1.0, 2.5), (2.5, 4.0)]
    """
    count = max(1, math.ceil(turn.length_s / longest_s - 1e-9))
    edges = [turn.start_s + turn.length_s * place / count for place in range(count)] + [turn.end_s]
    return list(pairwise(edges))


def _edges(lines: Sequence[SpokenLine], start_s: float, end_s: float, least_s: float) -> Iterator[float]:
    before_s = start_s
    for line, following in pairwise(lines):
        if line.person == following.person:
            continue
        edge_s = (line.end_s + following.start_s) / 2
        if before_s + least_s <= edge_s <= end_s - least_s:
            yield edge_s
            before_s = edge_s


def _speaker(lines: Sequence[SpokenLine], start_s: float, end_s: float) -> str:
    shares: dict[str, float] = {}
    for line in lines:
        shared_s = min(end_s, line.end_s) - max(start_s, line.start_s)
        if shared_s > 0:
            shares[line.person] = shares.get(line.person, 0.0) + shared_s
    return max(shares, key=lambda person: shares[person]) if shares else ""
