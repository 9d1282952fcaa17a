"""Where the names of lines stand beside their ends: as near as possible, without overlap."""

from __future__ import annotations

from collections.abc import Sequence


def spread(heights: Sequence[float], gap: float, least: float, most: float) -> list[float]:
    """Ascending heights moved apart to `gap`, as little as this takes; those that touch move together.

    They are kept between `least` and `most` while there is room; with too many, the last are beyond `most`.

    Example:
        >>> spread([0.5, 0.5, 0.9], 0.25, 0.0, 1.0)
        [0.375, 0.625, 0.9]
        >>> spread([0.9, 1.0], 0.25, 0.0, 1.0), spread([0.0, 0.1], 0.25, 0.0, 1.0)
        ([0.75, 1.0], [0.0, 0.25])
    """
    groups: list[tuple[float, int]] = []  # sum of the wanted heights, and the number of members
    for height in heights:
        groups.append((height, 1))
        while len(groups) > 1 and _last(groups[-2], gap) + gap > _first(groups[-1], gap):
            second, first = groups.pop(), groups.pop()
            groups.append((first[0] + second[0], first[1] + second[1]))
    moved = [_first(group, gap) + place * gap for group in groups for place in range(group[1])]
    limit = most
    for place in reversed(range(len(moved))):
        moved[place] = min(moved[place], limit)
        limit = moved[place] - gap
    limit = least
    for place in range(len(moved)):
        moved[place] = max(moved[place], limit)
        limit = moved[place] + gap
    return [round(height, 6) for height in moved]


def _first(group: tuple[float, int], gap: float) -> float:
    total, members = group
    return total / members - (members - 1) * gap / 2


def _last(group: tuple[float, int], gap: float) -> float:
    return _first(group, gap) + (group[1] - 1) * gap
