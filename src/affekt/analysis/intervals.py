"""Unions and overlaps of stretches of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Stretch = tuple[float, float]


def union(stretches: Iterable[Stretch]) -> list[Stretch]:
    """The same times in order, without overlaps.

    Example:
        >>> union([(2.0, 3.0), (0.0, 1.0), (0.5, 1.5)])
        [(0.0, 1.5), (2.0, 3.0)]
    """
    found: list[Stretch] = []
    for start_s, end_s in sorted(stretches):
        if found and start_s <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end_s))
        elif end_s > start_s:
            found.append((start_s, end_s))
    return found


def total(stretches: Iterable[Stretch]) -> float:
    """Seconds of stretches that do not overlap."""
    return sum((end_s - start_s for start_s, end_s in stretches), 0.0)


def shared(one: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """The times that are in both of two unions.

    Example:
        >>> shared([(0.0, 2.0), (3.0, 5.0)], [(1.0, 4.0)])
        [(1.0, 2.0), (3.0, 4.0)]
    """
    found: list[Stretch] = []
    place = other_place = 0
    while place < len(one) and other_place < len(other):
        low = max(one[place][0], other[other_place][0])
        high = min(one[place][1], other[other_place][1])
        if low < high:
            found.append((low, high))
        if one[place][1] <= other[other_place][1]:
            place += 1
        else:
            other_place += 1
    return found


def without(one: Sequence[Stretch], other: Sequence[Stretch]) -> list[Stretch]:
    """The times of a union that are not in another.

    Example:
        >>> without([(0.0, 5.0)], [(1.0, 2.0), (4.0, 6.0)])
        [(0.0, 1.0), (2.0, 4.0)]
    """
    edges = [float("-inf"), *(edge for stretch in other for edge in stretch), float("inf")]
    return shared(one, list(zip(edges[::2], edges[1::2], strict=True)))
