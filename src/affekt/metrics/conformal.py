"""Prediction intervals of ratings: how far the truth of a new item can be from its prediction.

Split conformal prediction: the errors of validation items, which the network was not trained on, give the
distance that at most a share of 1 - level exceeds. It assumes nothing about the errors but that new items are
like these. Items of one subject resemble each other, so subjects are the independent units: a subject counts
once, however many items it has, and one more unit counts as infinitely wrong for the subject that was not
seen yet. With K subjects a distance exists for levels up to K / (K + 1).

The interval holds for a new item of a new subject with at least the stated probability, on average over
validation parts. It is equally wide for all items. The epoch of a run is selected on the same items, which
lowers the coverage a little; both were measured by simulation: `benchmarks/results/ratings.md`.

Source: Lee, Barber and Willett, Distribution-free inference with hierarchical data, 2023 (HCP); for items
without subjects it is the usual split conformal interval (Lei et al., JASA 2018).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affekt.metrics.checks import check_items
from affekt.metrics.intervals import Units, units_of

LEVEL = 0.9
_ROUNDING = 1e-9


class Reach(NamedTuple):
    """The distance of a prediction interval.

    Attributes:
        distances: (d,) of each dimension, in the unit of the ratings; None if there are too few units.
        over: The independent units, `subjects` or `items`.
        units: Their number.
        note: A limitation, a sentence; usually empty.
    """

    distances: np.ndarray | None
    over: str
    units: int
    note: str = ""


def fewest_units(level: float) -> int:
    """Number of independent units that an interval of this level needs.

    Example:
        >>> fewest_units(0.9), fewest_units(0.95)
        (9, 19)
    """
    return math.ceil(level / (1 - level) - _ROUNDING)


def conformal_reach(
    errors: np.ndarray, subjects: Sequence[str | None] | None = None, *, level: float = LEVEL
) -> Reach:
    """The distance that the absolute error of a new item exceeds with a probability of at most 1 - `level`.

    Args:
        errors: (n, d) absolute errors of items that the network was not trained on.
        subjects: Subject of each item. With fewer than `fewest_units` of them the units are items, which is
            noted: the interval then does not apply to new subjects.

    Raises:
        ValueError: There is no item, arrays differ in length, numbers are not finite, or `level` is not
            between 0 and 1.

    Example:
        >>> reach = conformal_reach(np.arange(1.0, 10.0)[:, None], level=0.9)
        >>> reach.distances.tolist(), reach.over, reach.units
        ([9.0], 'items', 9)
    """
    if not 0 < level < 1:
        raise ValueError(f"the level of a prediction interval is between 0 and 1, found {level}")
    (errors,) = check_items(errors=errors)
    least = fewest_units(level)
    units = units_of(len(errors), subjects)
    count = int(units.member.max()) + 1
    if not units.are_items and count < least:
        note = (
            f"prediction interval over items: {count} subjects are too few for an interval of {level:.0%} "
            f"over subjects ({least} at least), so it does not apply to new subjects"
        )
        units, count = Units(np.arange(len(errors)), "items", note), len(errors)
    if count < least:
        note = f"no prediction interval: {count} items are too few for one of {level:.0%} ({least} at least)"
        return Reach(None, units.over, count, note)
    weights = 1 / (np.bincount(units.member)[units.member] * (count + 1.0))
    order = np.argsort(errors, axis=0)
    reached = np.cumsum(weights[order], axis=0) >= level - _ROUNDING
    first = reached.argmax(axis=0)
    distances = np.take_along_axis(np.take_along_axis(errors, order, 0), first[None], 0)[0]
    note = units.note.replace("interval over", "prediction interval over", 1)
    return Reach(distances.astype(float), units.over, count, note)


def around(
    predicted: np.ndarray, distances: np.ndarray, scale: tuple[float, float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends of intervals around predictions (..., d), cut at the ends of the scale.

    Example:
        >>> around(np.array([0.9]), np.array([0.4]), (-1.0, 1.0))
        (array([0.5]), array([1.]))
    """
    low, high = predicted - distances, predicted + distances
    return (low, high) if scale is None else (np.clip(low, *scale), np.clip(high, *scale))
