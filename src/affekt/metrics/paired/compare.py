"""The difference of two rows: paired bootstrap, McNemar's test, permutation, and the spread of seeds.

Two questions, two p-values.

1. Do these trained networks differ on new items? With one run each and independent items, accuracy is tested
   by McNemar's exact test. Other scores, several runs, and items that come in groups (subjects, dialogues)
   are tested by a permutation: under the null hypothesis the two rows' answers to a unit can be exchanged.
   The answers of all runs to all items of a unit are exchanged together.
2. Do the methods differ, that is, networks of other seeds as well? With two runs or more of a row, the
   variance of the difference is that over units (paired bootstrap) plus that over seeds of either row; it
   gives a t-test with Satterthwaite's degrees of freedom. It is slightly conservative, since the interaction
   of seeds and items is counted twice. With one run of each row the spread of seeds is not known: only the
   first question can be answered.

Assumptions: units are drawn independently; both rows answered the same items; the seeds of a row are drawn
independently. The runs of folds share training samples, which the spread of seeds does not show.

The p-value of a comparison is the larger of the two. Those of a family of comparisons are corrected by Holm.
False-positive rates are simulated by `benchmarks/paired.py`.

Source: McNemar, Psychometrika 1947; Efron and Tibshirani, An Introduction to the Bootstrap, 1993; Holm,
Scandinavian J. Statistics 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from affekt.core.errors import require
from affekt.metrics.jackknife import LEVEL
from affekt.metrics.paired.sums import BATCH, RESAMPLES, UnitSums, times_drawn

MCNEMAR, PERMUTATION = "McNemar, exact", "permutation"


@dataclass(frozen=True)
class Difference:
    """The score of one row less that of another.

    Attributes:
        score: Name of the score.
        one, other: Mean over runs.
        low, high: 95 % interval by paired bootstrap over units; NaN for a single unit.
        test: Of `p_items`.
        p_items: For these trained networks on new units.
        p_seeds: For new seeds and new units; None with one run of each row.
        p: The larger of the two.
        p_holm: `p`, corrected by Holm for a family of comparisons; equal to `p` before `correct`.
        units: Number of independent units.
        p_lowest: The smallest `p_items` that any answers of so many units, or so many resamples, could give.
    """

    score: str
    one: float
    other: float
    low: float
    high: float
    test: str
    p_items: float
    p_seeds: float | None
    p: float
    p_holm: float
    units: int
    p_lowest: float

    @property
    def difference(self) -> float:
        """`one` less `other`."""
        return self.one - self.other

    def is_testable(self, family: int, level: float = LEVEL) -> bool:
        """Whether any answers could be distinguished after Holm's correction of so many comparisons."""
        return self.p_lowest * family < 1 - level

    def is_distinguishable(self, level: float = LEVEL) -> bool:
        """Whether the corrected p-value is below 1 - `level`."""
        return self.p_holm < 1 - level


def compare(
    one: UnitSums,
    other: UnitSums,
    name: str,
    *,
    level: float = LEVEL,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Difference:
    """The difference of two rows in one score, tested on the same units.

    Args:
        name: Of the score, as in `Tally.scores`.
        seed: Of the resampling; equal arguments give equal results.
        resamples: Of bootstrap and permutation.

    Raises:
        ValueError: The rows have different units.
    """
    if one.sums.shape[1:] != other.sums.shape[1:]:
        raise ValueError(
            f"a comparison needs the same units: sums are {one.sums.shape} and {other.sums.shape}"
        )
    units = one.sums.shape[1]
    first, second = one.by_run(name), other.by_run(name)
    low = high = error = float("nan")
    if units > 1:
        low, high, error = _bootstrap(one, other, name, level, seed, resamples)
    table = _discordant(one, other) if name == "accuracy" else None
    p_items = _mcnemar(table) if table is not None else _permutation(one, other, name, seed, resamples)
    p_seeds = _with_seeds(first, second, error, units)
    p = max(p_items, p_seeds) if p_seeds is not None else p_items
    test = MCNEMAR if table is not None else PERMUTATION
    mean = float(first.mean()), float(second.mean())
    p_lowest = 2.0 ** (1 - units)  # all units differ in the same direction
    if table is None:
        p_lowest = max(p_lowest, 2 / (resamples + 1))
    return Difference(name, *mean, low, high, test, p_items, p_seeds, p, p, units, p_lowest)


def correct(family: Sequence[Difference]) -> list[Difference]:
    """The comparisons with p-values corrected by Holm.

    Raises:
        MissingExtra: statsmodels is not installed.
    """
    if not family:
        return []
    multiple = require("statsmodels.stats.multitest", extra="train", needed_by="Holm's correction")
    corrected = multiple.multipletests([one.p for one in family], method="holm")[1]
    return [replace(one, p_holm=float(p)) for one, p in zip(family, corrected, strict=True)]


def _bootstrap(
    one: UnitSums, other: UnitSums, name: str, level: float, seed: int, resamples: int
) -> tuple[float, float, float]:
    """Percentile interval and standard error of the difference, over units drawn for both rows alike."""

    def statistic(drawn: np.ndarray, axis: int) -> np.ndarray:
        weights = times_drawn(drawn)
        return np.asarray(one.of_weights(weights, name) - other.of_weights(weights, name))

    found = stats.bootstrap(
        (np.arange(one.sums.shape[1]),),
        statistic,
        vectorized=True,
        n_resamples=resamples,
        batch=BATCH,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(seed),
    )
    ends = found.confidence_interval
    return float(ends.low), float(ends.high), float(found.standard_error)


def _permutation(one: UnitSums, other: UnitSums, name: str, seed: int, resamples: int) -> float:
    """Two-sided p-value where the rows' answers to each unit are exchanged at random, or in all ways."""
    runs = len(one.sums), len(other.sums)
    if runs[0] != runs[1]:
        one, other = _of_mean_run(one, runs[1]), _of_mean_run(other, runs[0])
    moved = one.sums - other.sums
    # Units to which both rows give the same answers in all runs change nothing.
    moved = moved[:, np.any(moved != 0, axis=(0, *range(2, moved.ndim)))]
    units = moved.shape[1]
    if not units:
        return 1.0
    whole_one, whole_other = one.sums.sum(axis=1), other.sums.sum(axis=1)
    shape = moved.shape[2:]

    def statistic(first: np.ndarray, second: np.ndarray, axis: int) -> np.ndarray:
        exchanged = (np.asarray(first) >= units).astype(float)
        total = np.zeros(exchanged.shape[:-1])
        for run, change in enumerate(moved):
            gone = (exchanged @ change.reshape(units, -1)).reshape(*exchanged.shape[:-1], *shape)
            left = np.asarray(one.scores(whole_one[run] - gone)[name], float)
            right = np.asarray(one.scores(whole_other[run] + gone)[name], float)
            total += left - right
        # Rounding must not make equal differences unequal.
        return np.asarray(np.round(total / len(moved), 12))

    found = stats.permutation_test(
        (np.arange(units), np.arange(units) + units),
        statistic,
        permutation_type="samples",
        vectorized=True,
        n_resamples=resamples,
        batch=BATCH,
        alternative="two-sided",
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _of_mean_run(row: UnitSums, runs: int) -> UnitSums:
    """The same row with each run repeated, so that rows of 2 and 3 runs have 6 each."""
    return UnitSums(np.repeat(row.sums, runs, axis=0), row.scores, row.intervals_of, None, row.by_item)


def _discordant(one: UnitSums, other: UnitSums) -> np.ndarray | None:
    """Table (2, 2) of items that are right in either row; None where McNemar's test does not apply."""
    if one.right is None or other.right is None or not (one.by_item and other.by_item):
        return None
    if len(one.right) > 1 or len(other.right) > 1:
        return None
    first, second = one.right[0], other.right[0]
    return np.array(
        [
            [np.sum(first & second), np.sum(first & ~second)],
            [np.sum(~first & second), np.sum(~first & ~second)],
        ]
    )


def _mcnemar(table: np.ndarray) -> float:
    if table[0, 1] + table[1, 0] == 0:
        return 1.0
    contingency = require("statsmodels.stats.contingency_tables", extra="train", needed_by="McNemar's test")
    return float(contingency.mcnemar(table, exact=True).pvalue)


def _with_seeds(first: np.ndarray, second: np.ndarray, error: float, units: int) -> float | None:
    """p-value of the t-test of the module's docstring; None with one run of each row."""
    known = [row for row in (first, second) if len(row) > 1]
    if not known or units < 2:
        return None
    # A row with one run gets the spread of the other one: nothing else is known of it.
    spreads = [float(np.var(row if len(row) > 1 else known[0], ddof=1)) / len(row) for row in (first, second)]
    freedoms = [max(len(row), *(len(it) for it in known[:1])) - 1 for row in (first, second)]
    parts = [(error**2, units - 1), *zip(spreads, freedoms, strict=True)]
    variance = sum(value for value, _ in parts)
    difference = float(first.mean() - second.mean())
    if variance == 0:
        return 1.0 if difference == 0 else 0.0
    freedom = variance**2 / sum(value**2 / free for value, free in parts)
    return float(2 * stats.t.sf(abs(difference) / np.sqrt(variance), freedom))
