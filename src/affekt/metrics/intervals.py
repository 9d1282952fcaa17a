"""95 % intervals of scores: how far a score can lie from the one that unlimited data would give.

One method for every score, in three steps.

1. Variance. Items of one subject resemble each other, so subjects are the independent units. Each is left
   out once; the variance follows from how far the score moves (delete-one-group jackknife). It is exact for
   means, works for recalls, F1 and average precision alike, and unlike the bootstrap it is not too small
   where groups are few or of unequal size.
2. Effective sample size. The variance of a share p of n independent items is p (1 - p) / n; the n that
   belongs to the estimated variance is how many independent items the data are worth. It is limited by what
   they are worth if subjects differ at least a little (`jackknife.LEAST_CORRELATION`), since a few subjects
   may resemble each other by chance.
3. Wilson's interval of a share, with this n and Student's t for as many degrees of freedom as there are
   subjects of equal size, less one. It stays in [0, 1] and does not collapse at the ends.

Nothing is drawn at random. Coverage was measured by simulation: `benchmarks/results/coverage.md`.

With fewer than `LEAST_SUBJECTS` subjects no method can say how new subjects would fare. The interval is then
over items, and says so (`Intervals.note`).

Expected calibration error and likelihood have no interval: binned gaps are biased upward, by more the fewer
items there are, and a likelihood is no share.

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
    """Intervals of scores by name, and what they speak for.

    Attributes:
        ranges: Low and high end of each score.
        over: The independent units: `subjects`, `items` or `videos`.
        note: A limitation that has to be read with the intervals; usually empty.
    """

    ranges: dict[str, Range]
    over: str = "items"
    note: str = ""


@dataclass(frozen=True)
class Units:
    """Independent units of some items.

    Attributes:
        member: (n,) int, unit of each item.
        over: `subjects`, or what an item is called.
        note: Why subjects are not the units, where that limits what an interval says; usually empty.
    """

    member: np.ndarray
    over: str
    note: str = ""

    @property
    def are_items(self) -> bool:
        """Whether each item stands for itself."""
        return self.over != "subjects"


def units_of(
    count: int, subjects: Sequence[str | None] | np.ndarray | None, *, items: str = "items"
) -> Units:
    """The independent units of `count` items: subjects where at least `LEAST_SUBJECTS` are known, else items.

    An item without a subject stands for itself.

    Args:
        subjects: Of each item; None or empty where it is not known.
        items: What items are called in the answer, such as `videos`.

    Raises:
        ValueError: There are more or fewer subjects than items.

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
            "least), so it does not speak for new subjects"
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
        predicted: (n,) class numbers; (seeds, n) for the mean of the scores of several trainings.
        subjects: Of each item; None or empty where it is not known.

    Raises:
        ValueError: There is no item, arrays do not fit, or a class number is out of range.

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
    """Intervals of how far the scores of `one` lie above those of `other`, on the same items.

    Args:
        one: (n,) class numbers, or (seeds, n); `other` likewise, of any number of seeds.

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
        copies: (units,) how many units have this matrix; one each if not given.

    Raises:
        ValueError: Matrices are not square or are empty.
    """
    counts = _with_seeds(counts)
    return count_intervals(counts, scores_of, sizes_of(counts, copies), copies=copies, level=level)


def confusion_differences(
    one: np.ndarray, other: np.ndarray, *, copies: np.ndarray | None = None, level: float = LEVEL
) -> dict[str, Range]:
    """Intervals of how far the scores of `one` lie above those of `other`, of the same units.

    The estimated variance is enlarged by what one more item would add on which the two differ, so that two
    methods that agree on every item do not have a difference that is known exactly.

    Args:
        one: (units, k, k) or (seeds, units, k, k); `other` likewise, of any number of seeds.

    Raises:
        ValueError: Matrices are not square, are empty, or of other units.
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
    """How many independent items each score of confusion matrices (seeds, units, k, k) stands on at most.

    Where classes count alike, a rare class decides: their harmonic mean, times their number.
    """
    _, copies = shares_of(counts, copies)
    return class_sizes(np.einsum("gkl,g->k", counts[0], copies))


def class_sizes(of_class: np.ndarray) -> dict[str, float]:
    """The same from the number of items of each class (k,)."""
    occurring = of_class[of_class > 0]
    alike = len(occurring) ** 2 / (1 / occurring).sum()
    total = float(occurring.sum())
    return {"accuracy": total, "uar": float(alike), "macro_f1": float(alike), "weighted_f1": total}


def _with_seeds(counts: np.ndarray) -> np.ndarray:
    """Confusion matrices (seeds, units, k, k) that were checked."""
    counts = np.asarray(counts, float)
    counts = counts[None] if counts.ndim == 3 else counts
    if counts.ndim != 4:
        raise ValueError(f"matrices of units are (units, k, k) or (seeds, units, k, k), not {counts.shape}")
    return check_counts(counts)


def _confusions(
    truth: np.ndarray, predicted: np.ndarray, classes: int, units: Units
) -> tuple[np.ndarray, np.ndarray]:
    """Confusion matrices (seeds, units, k, k), and how many units have each: equal items are counted once."""
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
