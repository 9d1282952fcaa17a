"""95 % intervals of scores: how far a score can be from that of unlimited data.

One method for all scores, in three steps.

1. Variance. Items of one subject resemble each other, so subjects are the independent units. Each is left
   out once; the variance follows from the changes of the score (delete-one-group jackknife). It is exact for
   means, works for recall, F1 and average precision alike, and unlike the bootstrap it is not too small for
   few groups or groups of unequal size.
2. Effective sample size. The variance of a share p of n independent items is p (1 - p) / n; the n that
   gives the estimated variance is the effective sample size. It is limited by a minimum correlation within
   subjects (`jackknife.LEAST_CORRELATION`), since a few subjects may resemble each other by chance.
3. Wilson's interval of a share, with this n and Student's t; the degrees of freedom are the effective
   number of subjects of equal size, less one. It stays in [0, 1] and does not collapse at the ends.

The method is deterministic. Its coverage was measured by simulation: `benchmarks/results/coverage.md`.

With fewer than `LEAST_SUBJECTS` subjects no method can estimate the scores of new subjects. The interval is
then over items, and a note states it (`Intervals.note`).

Expected calibration error and likelihood have no interval: binned gaps are biased upward, more so with fewer
items, and a likelihood is not a proportion.

Source: MacKinnon, Nielsen and Webb, Fast and reliable jackknife and bootstrap methods for cluster-robust
inference, J. Applied Econometrics 2023 (step 1); Korn and Graubard, Confidence intervals for proportions with
small expected number of positive counts estimated from survey data, Survey Methodology 1998 (step 2); Wilson,
J. American Statistical Association 1927 (step 3).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from affekt.metrics.checks import check_class_numbers, check_counts, check_items
from affekt.metrics.classification import group_confusions, scores_of
from affekt.metrics.jackknife import (
    LEVEL,
    Range,
    count_intervals,
    jackknife_variance,
    leave_out,
    shares_of,
    student_quantile,
    worth_of,
)

LEAST_SUBJECTS = 4


@dataclass(frozen=True)
class Intervals:
    """Intervals of scores by name, with their units.

    Attributes:
        ranges: Lower and upper end for each score.
        over: The independent units: `subjects`, `items` or `videos`.
        note: A limitation to report with the intervals; usually empty.
    """

    ranges: dict[str, Range]
    over: str = "items"
    note: str = ""


@dataclass(frozen=True)
class Units:
    """Independent units of some items.

    Attributes:
        member: (n,) int, unit of each item.
        over: `subjects`, or the name of the items.
        note: Why subjects are not the units, if this limits the interval; usually empty.
    """

    member: np.ndarray
    over: str
    note: str = ""

    @property
    def are_items(self) -> bool:
        """Whether each item is a unit of its own."""
        return self.over != "subjects"


def units_of(
    count: int, subjects: Sequence[str | None] | np.ndarray | None, *, items: str = "items"
) -> Units:
    """The independent units of `count` items: subjects if at least `LEAST_SUBJECTS` are known, else items.

    An item without a subject is a unit of its own.

    Args:
        subjects: Subject of each item; None or empty if unknown.
        items: Name of the items in the result, such as `videos`.

    Raises:
        ValueError: The number of subjects differs from that of items.

    Example:
        >>> units_of(4, ["ann", "ann", "bob", "bob"]).note.partition(":")[0]
        'interval over items'
    """
    if subjects is None:
        return Units(np.arange(count), items)
    if len(subjects) != count:
        raise ValueError(f"a metric needs arrays of the same items: {count} items, {len(subjects)} subjects")
    known = [None if name is None or str(name) == "" else str(name) for name in subjects]
    different = {name for name in known if name is not None}
    if not different:
        return Units(np.arange(count), items)
    place: dict[tuple[bool, str], int] = {}
    member = np.array(
        [
            place.setdefault((False, str(row)) if name is None else (True, name), len(place))
            for row, name in enumerate(known)
        ]
    )
    if len(place) < LEAST_SUBJECTS:
        number = "1 subject is" if len(different) == 1 else f"{len(different)} subjects are"
        note = (
            f"interval over {items}: {number} too few for an interval over subjects ({LEAST_SUBJECTS} at "
            "least), so it does not apply to new subjects"
        )
        return Units(np.arange(count), items, note)
    return Units(member, "subjects")


def score_intervals(
    truth: np.ndarray,
    predicted: np.ndarray,
    classes: int,
    subjects: Sequence[str | None] | np.ndarray | None = None,
    *,
    level: float = LEVEL,
) -> Intervals:
    """Intervals of `scores_of`: accuracy, unweighted average recall, macro and weighted F1.

    Args:
        truth: (n,) class numbers.
        predicted: (n,) class numbers; (seeds, n) for the mean score of several training runs.
        subjects: Subject of each item; None or empty if unknown.

    Raises:
        ValueError: There is no item, arrays differ in length, or a class number is out of range.

    Example:
        >>> right = np.zeros(30, int)
        >>> low, high = score_intervals(right, right, 2).ranges["accuracy"]
        >>> round(low, 3), high
        (0.878, 1.0)
    """
    units = units_of(len(truth), subjects)
    counts, copies = _confusions(truth, predicted, classes, units)
    return Intervals(confusion_intervals(counts, copies=copies, level=level), units.over, units.note)


def paired_intervals(
    truth: np.ndarray,
    one: np.ndarray,
    other: np.ndarray,
    classes: int,
    subjects: Sequence[str | None] | np.ndarray | None = None,
    *,
    level: float = LEVEL,
) -> Intervals:
    """Intervals of the scores of `one` less those of `other`, on the same items.

    Args:
        one: (n,) class numbers, or (seeds, n); `other` likewise, with any number of seeds.

    Raises:
        ValueError: As `score_intervals`.
    """
    both = [*np.atleast_2d(one), *np.atleast_2d(other)]
    check_items(truth=truth, one=both[0], other=both[-1])
    units = units_of(len(truth), subjects)
    counts, copies = _confusions(truth, np.stack(both), classes, units)
    seeds = len(np.atleast_2d(one))
    ranges = confusion_differences(counts[:seeds], counts[seeds:], copies=copies, level=level)
    return Intervals(ranges, units.over, units.note)


def confusion_intervals(
    counts: np.ndarray, *, copies: np.ndarray | None = None, level: float = LEVEL
) -> dict[str, Range]:
    """Intervals of the scores of pooled confusion matrices of independent units.

    Args:
        counts: (units, k, k) or (seeds, units, k, k).
        copies: (units,) number of units with this matrix; 1 by default.

    Raises:
        ValueError: Matrices are not square or are empty.
    """
    counts = _with_seeds(counts)
    return count_intervals(counts, scores_of, sizes_of(counts, copies), copies=copies, level=level)


def confusion_differences(
    one: np.ndarray, other: np.ndarray, *, copies: np.ndarray | None = None, level: float = LEVEL
) -> dict[str, Range]:
    """Intervals of the scores of `one` less those of `other`, for the same units.

    The estimated variance is increased by the contribution of one more item on which the two differ, so that
    the difference of two methods that agree on every item is not taken as known exactly.

    Args:
        one: (units, k, k) or (seeds, units, k, k); `other` likewise, with any number of seeds.

    Raises:
        ValueError: Matrices are not square, are empty, or of different units.
    """
    one, other = _with_seeds(one), _with_seeds(other)
    if one.shape[1:] != other.shape[1:]:
        raise ValueError(f"a difference needs matrices of the same units, not {one.shape} and {other.shape}")
    weights, copies = shares_of(one, copies)
    if copies.sum() < 2:
        return dict.fromkeys(sizes_of(one, copies), (-1.0, 1.0))
    first, second = (leave_out(counts, scores_of, copies) for counts in (one, other))
    sizes = sizes_of(one, copies)
    items = float(one[0].sum(axis=(1, 2)) @ copies)
    ranges: dict[str, Range] = {}
    for name, whole in first.whole.items():
        moved = first.left[name] - second.left[name]
        difference = whole - second.whole[name]
        variance = jackknife_variance(moved, difference, copies) + 1 / (items + 2) / worth_of(
            weights, copies, sizes[name]
        )
        reach = student_quantile(weights, copies, level) * math.sqrt(variance)
        ranges[name] = (max(-1.0, difference - reach), min(1.0, difference + reach))
    return ranges


def sizes_of(counts: np.ndarray, copies: np.ndarray | None = None) -> dict[str, float]:
    """Largest number of independent items behind each score of confusion matrices (seeds, units, k, k).

    For scores that weight classes equally, rare classes dominate: it is the harmonic mean of the class sizes
    times their number.
    """
    _, copies = shares_of(counts, copies)
    return class_sizes(np.einsum("gkl,g->k", counts[0], copies))


def class_sizes(of_class: np.ndarray) -> dict[str, float]:
    """As `sizes_of`, from the number of items of each class (k,)."""
    occurring = of_class[of_class > 0]
    equal = len(occurring) ** 2 / (1 / occurring).sum()
    total = float(occurring.sum())
    return {"accuracy": total, "uar": float(equal), "macro_f1": float(equal), "weighted_f1": total}


def _with_seeds(counts: np.ndarray) -> np.ndarray:
    """Checked confusion matrices (seeds, units, k, k)."""
    counts = np.asarray(counts, float)
    counts = counts[None] if counts.ndim == 3 else counts
    if counts.ndim != 4:
        raise ValueError(
            f"matrices of units must be (units, k, k) or (seeds, units, k, k), not {counts.shape}"
        )
    return check_counts(counts)


def _confusions(
    truth: np.ndarray, predicted: np.ndarray, classes: int, units: Units
) -> tuple[np.ndarray, np.ndarray]:
    """Confusion matrices (seeds, units, k, k), and the number of units of each: equal items are merged."""
    rows = np.atleast_2d(predicted)
    for row in rows:
        truth, row = check_items(truth=truth, predicted=row)
        check_class_numbers(classes, truth=truth, predicted=row)
    if not units.are_items:
        counts = np.stack([group_confusions(truth, row, classes, units.member) for row in rows])
        return counts, np.ones(counts.shape[1])
    kinds, copies = np.unique(np.column_stack([truth, rows.T]), axis=0, return_counts=True)
    number = np.arange(len(kinds))
    counts = np.stack([group_confusions(kinds[:, 0], row, classes, number) for row in kinds[:, 1:].T])
    return counts, copies.astype(float)
