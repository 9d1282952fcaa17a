"""Scores of ratings: correlations, errors, classes of their scale, and coverage of prediction intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from affekt.core.answers.calibration import IntervalCalibration
from affekt.core.labels import LabelSet
from affekt.metrics.conformal import around
from affekt.metrics.intervals import score_intervals
from affekt.metrics.rating_classes import rating_class_scores
from affekt.metrics.regression import concordance, mean_absolute_error, pearson, rating_intervals

ROUNDING = 1e-6  # of ratings that are stored as float32


class RatingScores(NamedTuple):
    """Scores and their 95 % intervals by name.

    Attributes:
        rows: One for each rating.
        over, note: The independent units of the intervals, and a limitation of them.
        notes: What is not defined or limits the scores, a sentence each.
    """

    scores: dict[str, float]
    ranges: dict[str, tuple[float, float]]
    rows: list[dict[str, Any]]
    over: str
    note: str
    notes: tuple[str, ...]


def score_ratings(
    truth: np.ndarray,
    predicted: np.ndarray,
    subjects: Sequence[str | None],
    labels: LabelSet,
    interval: IntervalCalibration | None,
) -> RatingScores:
    """Scores of ratings (n, d) in the order of the labels.

    A score that is not defined is left out, and a note states why.
    """
    names, subjects = labels.names, list(subjects)
    ccc, mae = concordance(truth, predicted), mean_absolute_error(truth, predicted)
    correlation = pearson(truth, predicted)
    found = rating_intervals(truth, predicted, subjects)
    scores = {
        "ccc": float(ccc.mean()),
        "pearson": float(correlation.mean()),
        "mae": float(mae.mean()),
        "rmse": float(np.sqrt(((truth - predicted) ** 2).mean())),
        **{f"ccc/{name}": float(value) for name, value in zip(names, ccc, strict=True)},
    }
    ranges, notes = dict(found.ranges), _undefined(truth, correlation, names)
    if notes:
        del scores["pearson"]
    for k, name in enumerate(names):
        cut = rating_class_scores(truth[:, k], predicted[:, k], labels.scale, subjects)
        end = f"/{name}" if len(names) > 1 else ""
        scores |= {f"{score}{end}": value for score, value in cut.scores.items()}
        ranges |= {f"{score}{end}": value for score, value in cut.ranges.items()}
        notes += [f"{name}: {note}" for note in cut.notes]
    if interval is not None:
        reach = np.array([interval.reach[name] for name in names])
        low, high = around(predicted, reach, labels.scale)
        scores["interval_coverage"], ranges["interval_coverage"] = _coverage(truth, low, high, subjects)
        scores["interval_width"] = float((high - low).mean())
        notes.append(
            f"prediction intervals are of {interval.level:.0%}, fitted over {interval.units} {interval.over}"
        )
        notes += [interval.note] if interval.note else []
    rows = [
        {
            "class": name,
            "ccc": float(ccc[k]),
            "pearson": float(correlation[k]) if np.isfinite(correlation[k]) else None,
            "mae": float(mae[k]),
            "mean": float(truth[:, k].mean()),
            "count": len(truth),
        }
        for k, name in enumerate(names)
    ]
    return RatingScores(scores, ranges, rows, found.over, found.note, tuple(notes))


def _coverage(
    truth: np.ndarray, low: np.ndarray, high: np.ndarray, subjects: list[str | None]
) -> tuple[float, tuple[float, float]]:
    """Share of ratings that are within their intervals, and the interval of this share."""
    inside = (truth >= low - ROUNDING) & (truth <= high + ROUNDING)
    dimensions = truth.shape[1]
    # Ratings of one item resemble each other: without subjects the items are the units.
    units = subjects if any(subjects) or dimensions == 1 else [f"item {row}" for row in range(len(truth))]
    each = [unit for unit in units for _ in range(dimensions)]
    found = score_intervals(np.ones(inside.size, int), inside.ravel().astype(int), 2, each)
    return float(inside.mean()), found.ranges["accuracy"]


def _undefined(truth: np.ndarray, correlation: np.ndarray, names: Sequence[str]) -> list[str]:
    """Why correlations are not defined, a sentence for each rating."""
    return [
        f"{name}: Pearson's correlation is not defined, because the "
        f"{'true' if np.ptp(truth[:, k]) <= ROUNDING else 'predicted'} ratings are all equal"
        for k, name in enumerate(names)
        if not np.isfinite(correlation[k])
    ]
