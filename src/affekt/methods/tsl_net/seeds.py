"""Pseudo-labels for cells without points, from the scores of the network itself.

A point is one annotated moment of a segment whose ends are not annotated. Between two points there is some
background, and the cells around a point belong to the same segment.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

Rule = Literal["sum", "count"]


class Seeds(NamedTuple):
    """Targets of a video's cells, from its points and the scores around them.

    Attributes:
        foreground: (t, k + 1), the targets of the points, and scores in the cells around them.
        background: (t,), weight of each cell as background: the highest score of its gap, or 0.
    """

    foreground: np.ndarray
    background: np.ndarray


def find_seeds(
    scores: np.ndarray, targets: np.ndarray, *, threshold: float = 0.95, rule: Rule = "sum"
) -> Seeds:
    """Seeds of one video.

    Background: each gap before, between and after points contains some. If background scores reach the
    threshold, an outer gap is background from such a cell to the end of the video, and an inner gap between
    the first and the last such cell. Otherwise the cell of the highest background score is taken, and in an
    outer gap all cells beyond it. Foreground: all cells next to a point, up to the first cell in which the
    background has a higher score than every class, or background of weight 1.

    Args:
        scores: (t, k + 1) in [0, 1], classes fused with the background, which is last.
        targets: (t, k + 1), not zero in cells with points.
        threshold: Background score of a seed.
        rule: How cells at the threshold are counted; by `sum`, two cells of 0.96 are less than two.

    Returns:
        Seeds of the type of the scores; without points, both are empty of seeds.

    Source: TSL-Net (MM 2022), reference.

    Example:
        >>> background = np.array([0.2, 0.9, 0.3, 0.1, 0.4, 0.8])
        >>> scores = np.stack([1 - background, background], axis=1)
        >>> targets = np.zeros((6, 2))
        >>> targets[3, 0] = 0.9
        >>> seeds = find_seeds(scores, targets)
        >>> seeds.background.tolist()  # up to the highest score on the left, from it on the right
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
                background[gap] = _gap_background(scores[gap, -1], threshold, rule, outer=outer)
    found = _around(points, _is_foreground(scores) & (background < 1))
    # A cell may be both: foreground by its scores, and within the outer part of a gap.
    return Seeds(np.where(found[:, None], scores, targets.astype(scores.dtype)), background)


def _gap_background(scores: np.ndarray, threshold: float, rule: Rule, *, outer: int) -> np.ndarray:
    """Background weights of a gap.

    Args:
        scores: (n,), of the background.
        outer: 1 before the first point, -1 after the last, 0 between two.
    """
    highest = scores.max()
    chosen = scores >= threshold
    # parity: each such cell counts with a score below 1, so that two cells may count less than two.
    reach = chosen.sum() * highest if rule == "sum" else chosen.sum()
    places = np.arange(len(scores))
    if reach >= (1 if outer else 2):
        first, last = np.flatnonzero(chosen)[[0, -1]]
    else:
        first = last = int(scores.argmax())
        chosen |= places == first
    if outer > 0:
        chosen |= places <= last
    elif outer < 0:
        chosen |= places >= first
    else:
        chosen |= (places > first) & (places < last)
    return np.where(chosen, highest, 0)


def _is_foreground(scores: np.ndarray) -> np.ndarray:
    """Cells in which the score of a class is at least that of the background."""
    return scores[:, -1] <= scores[:, :-1].max(axis=1)


def _around(points: np.ndarray, foreground: np.ndarray) -> np.ndarray:
    """Foreground cells (t,) that are connected to a point by foreground cells, without the points."""
    place = np.arange(len(foreground))
    is_point = np.zeros(len(foreground), bool)
    is_point[points] = True
    blocked = ~foreground & ~is_point
    reached = np.zeros(len(foreground), bool)
    for step in (slice(None), slice(None, None, -1)):
        # Connected in this direction: the last point lies after the last cell that blocks.
        last_point = np.maximum.accumulate(np.where(is_point[step], place, -1))
        last_block = np.maximum.accumulate(np.where(blocked[step], place, -1))
        reached |= (last_point > last_block)[step]
    return reached & ~is_point
