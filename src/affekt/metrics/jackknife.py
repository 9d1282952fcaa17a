"""Computation of intervals from the scores without each independent unit.

The method and its sources are described in `affekt.metrics.intervals`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

Range = tuple[float, float]

LEVEL = 0.95
# Minimum intraclass correlation of grouped items. By simulation: without it, coverage falls below 90 % for 8
# to 20 subjects, if most of them have no errors.
LEAST_CORRELATION = 0.03


def count_intervals(
    counts: np.ndarray,
    scores: Callable[[np.ndarray], Mapping[str, np.ndarray]],
    sizes: Mapping[str, float],
    *,
    copies: np.ndarray | None = None,
    level: float = LEVEL,
) -> dict[str, Range]:
    """Intervals of scores in [0, 1] that follow from counts that add up over independent units.

    Args:
        counts: (seeds, units, ...), whose sum over all but the first two axes is the weight of a unit.
        scores: Computes scores (...) by name from summed counts, with any leading axes.
        sizes: Largest number of independent items behind each score.
        copies: (units,) number of units with these counts; 1 by default.

    Returns:
        Intervals by the names of `sizes`.
    """
    weights, copies = shares_of(counts, copies)
    if copies.sum() < 2:  # nothing is left when the only unit is left out
        return dict.fromkeys(sizes, (0.0, 1.0))
    found = leave_out(counts, scores, copies)
    return {
        name: left_out_interval(
            found.whole[name], found.left[name], size=size, weights=weights, copies=copies, level=level
        )
        for name, size in sizes.items()
    }


def left_out_interval(
    whole: float,
    left_out: np.ndarray,
    *,
    size: float,
    weights: np.ndarray,
    copies: np.ndarray | None = None,
    level: float = LEVEL,
) -> Range:
    """Interval of a score in [0, 1] from its values without each independent unit.

    Args:
        whole: The score of all units.
        left_out: (units,) the score without each unit.
        size: Largest number of independent items behind the score.
        weights: (units,) share of the items in each unit.
        copies: (units,) number of such units; 1 by default.

    Returns:
        Lower and upper end; 0 and 1 for a single unit.

    Example:
        Five subjects of equal size, 100 items, 80 % of them correct for each subject:

        >>> low, high = left_out_interval(0.8, np.full(5, 0.8), size=100.0, weights=np.full(5, 0.2))
        >>> round(low, 3), round(high, 3)
        (0.632, 0.903)
    """
    copies = np.ones(len(weights)) if copies is None else copies
    if copies.sum() < 2:
        return 0.0, 1.0
    variance = jackknife_variance(left_out, whole, copies)
    worth = worth_of(weights, copies, size)
    if variance > 0 and 0 < whole < 1:
        worth = min(worth, whole * (1 - whole) / variance)
    return wilson_interval(whole, worth, student_quantile(weights, copies, level))


def wilson_interval(share: float, count: float, quantile: float) -> Range:
    """Wilson's interval of a share of `count` items.

    Example:
        >>> tuple(round(end, 3) for end in wilson_interval(1.0, 30.0, 1.96))
        (0.886, 1.0)
    """
    square = quantile**2 / count
    middle = (share + square / 2) / (1 + square)
    reach = np.sqrt(square * (max(share * (1 - share), 0.0) + square / 4)) / (1 + square)
    # Due to rounding, the interval might not include a share of 0 or 1.
    return min(share, max(0.0, float(middle - reach))), max(share, min(1.0, float(middle + reach)))


@dataclass(frozen=True)
class LeftOut:
    """Scores by name, means over seeds: of all units, and (units,) without each unit."""

    whole: dict[str, float] = field(default_factory=dict)
    left: dict[str, np.ndarray] = field(default_factory=dict)


def leave_out(
    counts: np.ndarray, scores: Callable[[np.ndarray], Mapping[str, np.ndarray]], copies: np.ndarray | None
) -> LeftOut:
    """Scores of summed counts (seeds, units, ...): of all units, and without each unit."""
    _, copies = shares_of(counts, copies)
    total = np.einsum("sg...,g->s...", counts, copies)
    whole = {name: float(np.mean(values)) for name, values in scores(total).items()}
    left = {name: np.mean(values, axis=0) for name, values in scores(total[:, None] - counts).items()}
    return LeftOut(whole, left)


def shares_of(counts: np.ndarray, copies: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Share of the items in each unit (units,), and the number of such units."""
    weights = counts[0].reshape(counts.shape[1], -1).sum(axis=1).astype(float)
    copies = np.ones(len(weights)) if copies is None else np.asarray(copies, float)
    return weights / (weights @ copies), copies


def jackknife_variance(left_out: np.ndarray, whole: float, copies: np.ndarray) -> float:
    """Jackknife variance of a score."""
    units = copies.sum()
    return float((units - 1) / units * (copies * (left_out - whole) ** 2).sum())


def _equal_units(weights: np.ndarray, copies: np.ndarray) -> float:
    """Effective number of units of equal size (Kish)."""
    return float(1 / (copies * weights**2).sum())


def worth_of(weights: np.ndarray, copies: np.ndarray, size: float) -> float:
    """Upper limit of the effective sample size; all items if each unit is an item."""
    equal = min(_equal_units(weights, copies), size)
    return 1 / (LEAST_CORRELATION / equal + (1 - LEAST_CORRELATION) / size)


def student_quantile(weights: np.ndarray, copies: np.ndarray, level: float) -> float:
    """Student's t of a two-sided interval; degrees of freedom: the effective number of units less one."""
    from scipy.special import stdtrit

    freedom = max(_equal_units(weights, copies) - 1, 1.0)
    return float(stdtrit(freedom, 0.5 + level / 2))
