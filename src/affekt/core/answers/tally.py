"""What adds up over items, so that scores can be computed again for resampled items."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tally:
    """The answers of one run to some items, as numbers that add up.

    Attributes:
        counts: (n, ...) of each item, such as its cell of the confusion matrix.
        scores: Scores (...) by name of sums of `counts`, with any leading axes.
        intervals: 95 % intervals by name of the mean scores of several runs, from sums over independent units
            (runs, units, ...); None where they are to be bootstrapped.
        recalls: Recall (..., k) of each label of sums of `counts`, NaN for a label that does not occur; None
            where there are no labels.
        right: (n,) whether each answer is right as a whole; None where answers are not right or wrong.
    """

    counts: np.ndarray
    scores: Callable[[np.ndarray], Mapping[str, np.ndarray]]
    intervals: Callable[[np.ndarray], Mapping[str, tuple[float, float]]] | None = None
    recalls: Callable[[np.ndarray], np.ndarray] | None = None
    right: np.ndarray | None = None
