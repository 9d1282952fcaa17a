"""Sums over independent units of the answers of the runs of one row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from affekt.core.answers.tally import Tally
from affekt.metrics.intervals import Units
from affekt.metrics.jackknife import LEVEL, Range

RESAMPLES = 9999
BATCH = 500  # resamples that are computed at once


@dataclass(frozen=True)
class UnitSums:
    """Sums over independent units.

    Attributes:
        sums: (runs, units, ...).
        scores: As `Tally.scores`.
        right: (runs, n) of each item, as `Tally.right`; None where it is not known.
        by_item: Whether each item is a unit.
    """

    sums: np.ndarray
    scores: Callable[[np.ndarray], Mapping[str, np.ndarray]]
    intervals_of: Callable[[np.ndarray], Mapping[str, Range]] | None
    right: np.ndarray | None
    by_item: bool

    @classmethod
    def of(cls, tallies: Sequence[Tally], units: Units) -> UnitSums:
        """The sums of several runs on the same items.

        Raises:
            ValueError: There is no run, or the runs have other numbers of items than `units`.
        """
        if not tallies:
            raise ValueError("sums need the answers of at least one run")
        lengths = {len(tally.counts) for tally in tallies}
        if lengths != {len(units.member)}:
            raise ValueError(f"{len(units.member)} items have units, the runs have {sorted(lengths)}")
        counts = np.stack([tally.counts for tally in tallies]).astype(float)
        sums = np.zeros((len(tallies), int(units.member.max()) + 1, *counts.shape[2:]))
        for run, found in enumerate(counts):
            np.add.at(sums[run], units.member, found)
        right = [tally.right for tally in tallies if tally.right is not None]
        first = tallies[0]
        known = np.stack(right) if len(right) == len(tallies) else None
        return cls(sums, first.scores, first.intervals, known, units.are_items)

    def by_run(self, name: str) -> np.ndarray:
        """A score of each run: (runs,)."""
        return np.asarray(self.scores(self.sums.sum(axis=1))[name], float)

    def of_weights(self, weights: np.ndarray, name: str) -> np.ndarray:
        """A score, mean over runs, with weights of the units (..., units): (...)."""
        shape = (*weights.shape[:-1], *self.sums.shape[2:])
        total = np.zeros(weights.shape[:-1])
        for sums in self.sums:
            found = (weights @ sums.reshape(len(sums), -1)).reshape(shape)
            total += np.asarray(self.scores(found)[name], float)
        return np.asarray(total / len(self.sums))


def score_range(row: UnitSums, name: str, *, level: float = LEVEL, seed: int = 0) -> Range:
    """Interval of a score, mean over runs, over independent units.

    The interval of the task if it has one (`affekt.metrics.intervals`), else a percentile bootstrap. A single
    unit gives no interval: both ends are NaN.
    """
    if row.sums.shape[1] < 2:
        return float("nan"), float("nan")
    if row.intervals_of is not None and name in (found := row.intervals_of(row.sums)):
        return found[name]
    found = stats.bootstrap(
        (np.arange(row.sums.shape[1]),),
        lambda drawn, axis: row.of_weights(times_drawn(drawn), name),
        vectorized=True,
        n_resamples=RESAMPLES,
        batch=BATCH,
        confidence_level=level,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)


def times_drawn(drawn: np.ndarray) -> np.ndarray:
    """How often each unit was drawn: (..., units) counts of unit numbers (..., units).

    Example:
        >>> times_drawn(np.array([[0, 0, 2]])).tolist()
        [[2.0, 0.0, 1.0]]
    """
    drawn = np.asarray(drawn).astype(int)
    units, rows = drawn.shape[-1], drawn.reshape(-1, drawn.shape[-1])
    places = rows + units * np.arange(len(rows))[:, None]
    counts = np.bincount(places.ravel(), minlength=rows.size).astype(float)
    return counts.reshape(drawn.shape)
