"""Which cells can be taken for background, or for more of a marked point, by what the network says itself.

A point is one moment of a stretch whose ends nobody marked. Between two points there is background somewhere,
and around each point there is more of the same.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

Rule = Literal["sum", "count"]


class Seeds(NamedTuple):
    """What a video's cells are trained towards beyond its points.

    Attributes:
        foreground: (t, k + 1), the points' targets, and around them the scores that were found there.
        background: (t,), weight of each cell as background: the surest score of its gap, or 0.
    """

    foreground: np.ndarray
    background: np.ndarray


def find_seeds(scores: np.ndarray, targets: np.ndarray, *, bar: float = 0.95, rule: Rule = "sum") -> Seeds:
    """Seeds of one video.

    Background: each gap before, between and after points has some. Where cells reach the bar, the whole of
    the gap's outer part is taken, or what lies between two of them; else the surest cell, and in an outer
    gap all beyond it. Foreground: from each point outwards as long as a class is at least as sure as the
    background, and no sure background begins.

    Args:
        scores: (t, k + 1) in [0, 1], classes fused with the background, which is last.
        targets: (t, k + 1), not zero in cells with points.
        bar: How sure of background a cell must be.
        rule: How cells at the bar are counted; by `sum`, two cells of 0.96 are less than two.

    Returns:
        Seeds of the scores' type; both without any where there are no points.

    Source: TSL-Net (MM 2022), reference.

    Example:
        >>> background = np.array([0.2, 0.9, 0.3, 0.1, 0.4, 0.8])
        >>> scores = np.stack([1 - background, background], axis=1)
        >>> targets = np.zeros((6, 2))
        >>> targets[3, 0] = 0.9
        >>> seeds = find_seeds(scores, targets)
        >>> seeds.background.tolist()  # up to the surest cell on the left, from it on the right
        [0.9, 0.9, 0.0, 0.0, 0.0, 0.8]
        >>> seeds.foreground[:, 0].round(2).tolist()
        [0.0, 0.0, 0.7, 0.9, 0.6, 0.0]
    """
    points = np.flatnonzero(targets.any(axis=1))
    background = np.zeros(len(scores), scores.dtype)
    if len(points):
        edges = [-1, *points.tolist(), len(scores)]
        for number, (before, after) in enumerate(pairwise(edges)):
            gap = slice(before + 1, after)
            if gap.start < gap.stop:
                outer = (number == 0) - (number == len(points))
                background[gap] = _gap_background(scores[gap, -1], bar, rule, outer=outer)
    found = _around(points, _is_foreground(scores) & (background < 1))
    # A cell may be both: it is sure of a class, and the outer part of a gap reaches over it.
    return Seeds(np.where(found[:, None], scores, targets.astype(scores.dtype)), background)


def _gap_background(scores: np.ndarray, bar: float, rule: Rule, *, outer: int) -> np.ndarray:
    """Background weights of a gap.

    Args:
        scores: (n,) of background.
        outer: 1 before the first point, -1 after the last, 0 between two.
    """
    surest = scores.max()
    sure = scores >= bar
    # parity: each of them counts by its score, so that two need not be two.
    reach = sure.sum() * surest if rule == "sum" else sure.sum()
    places = np.arange(len(scores))
    if reach >= (1 if outer else 2):
        first, last = np.flatnonzero(sure)[[0, -1]]
    else:
        first = last = int(scores.argmax())
        sure |= places == first
    if outer > 0:
        sure |= places <= last
    elif outer < 0:
        sure |= places >= first
    else:
        sure |= (places > first) & (places < last)
    return np.where(sure, surest, 0)


def _is_foreground(scores: np.ndarray) -> np.ndarray:
    """Where a class is at least as sure as the background."""
    return scores[:, -1] <= scores[:, :-1].max(axis=1)


def _around(points: np.ndarray, walkable: np.ndarray) -> np.ndarray:
    """Cells (t,) that can be reached from a point on either side over walkable ones; no points themselves."""
    place = np.arange(len(walkable))
    is_point = np.zeros(len(walkable), bool)
    is_point[points] = True
    blocked = ~walkable & ~is_point
    reached = np.zeros(len(walkable), bool)
    for step in (slice(None), slice(None, None, -1)):
        # Going on, the last point that was passed lies after the last cell that blocks.
        last_point = np.maximum.accumulate(np.where(is_point[step], place, -1))
        last_block = np.maximum.accumulate(np.where(blocked[step], place, -1))
        reached |= (last_point > last_block)[step]
    return reached & ~is_point
