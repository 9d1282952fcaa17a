"""Scores where classes do not exclude each other: an item has any number of labels, or none.

A class is predicted if its probability reaches its threshold. The best threshold differs by class: the
probabilities of a rare class are low even for items that have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from affekt.metrics.checks import check_items
from affekt.metrics.intervals import Intervals, class_sizes, units_of
from affekt.metrics.jackknife import Range, count_intervals

THRESHOLD = 0.5  # of a class without a fitted threshold
PRESENT = 0.5  # label weight above which a class is present
HITS, ALARMS, MISSES, REST = range(4)


def multi_label_scores(
    truth: np.ndarray, probability: np.ndarray, *, thresholds: Sequence[float] | np.ndarray | None = None
) -> dict[str, float]:
    """Scores of thresholded predictions.

    `accuracy` is the share of correct (item, class) cells, `micro_f1` is F1 over all cells; `weighted_f1`
    weights classes by how often they are present. `uar`, `macro_f1` and `mean_precision` are means over the
    classes that occur in the truth or, for F1 and precision, in the predictions.

    Args:
        truth: (n, k) label weights; a class is present above 0.5.
        probability: (n, k).
        thresholds: (k,); 0.5 by default.

    Raises:
        ValueError: There is no item, shapes differ, or numbers are not finite.
    """
    counts = label_counts(truth, probability, thresholds=thresholds).sum(axis=0)
    return {name: float(value) for name, value in scores_of_counts(counts).items()}


def label_counts(
    truth: np.ndarray, probability: np.ndarray, *, thresholds: Sequence[float] | np.ndarray | None = None
) -> np.ndarray:
    """True positives, false positives, false negatives and true negatives: (n, k, 4) zeros and ones.

    Raises:
        ValueError: As `multi_label_scores`.
    """
    present, decided = _present(truth, probability), decide(probability, thresholds)
    cells = (present & decided, ~present & decided, present & ~decided, ~present & ~decided)
    return np.stack(cells, axis=-1).astype(float)


def decide(probability: np.ndarray, thresholds: Sequence[float] | np.ndarray | None = None) -> np.ndarray:
    """Predicted classes, bool (n, k): those whose probability reaches their threshold.

    Raises:
        ValueError: The number of thresholds differs from that of classes.
    """
    probability = np.asarray(probability)
    limits = np.full(probability.shape[-1], THRESHOLD) if thresholds is None else np.asarray(thresholds)
    if limits.shape != probability.shape[-1:]:
        raise ValueError(f"{probability.shape[-1]} classes need as many thresholds, not {limits.shape}")
    return probability >= limits


def scores_of_counts(counts: np.ndarray) -> dict[str, np.ndarray]:
    """Scores (...) of summed counts (..., k, 4)."""
    hits, alarms, misses = counts[..., HITS], counts[..., ALARMS], counts[..., MISSES]
    present, decided = hits + misses, hits + alarms
    f1 = 2 * hits / np.maximum(present + decided, 1)
    occurs, seen = present > 0, present + decided > 0

    def mean(values: np.ndarray, which: np.ndarray) -> np.ndarray:
        return np.asarray((values * which).sum(-1) / np.maximum(which.sum(-1), 1))

    scores = {
        "accuracy": (hits + counts[..., REST]).sum(-1) / np.maximum(counts.sum((-2, -1)), 1),
        "uar": mean(hits / np.maximum(present, 1), occurs),
        "macro_f1": mean(f1, seen),
        "micro_f1": 2 * hits.sum(-1) / np.maximum((present + decided).sum(-1), 1),
        "weighted_f1": (f1 * present).sum(-1) / np.maximum(present.sum(-1), 1),
        "mean_precision": mean(hits / np.maximum(decided, 1), seen),
    }
    return {name: np.asarray(values) for name, values in scores.items()}


def recalls_of_counts(counts: np.ndarray) -> np.ndarray:
    """Recall of each class (..., k) of summed counts (..., k, 4); NaN for a class that never occurs."""
    present = counts[..., HITS] + counts[..., MISSES]
    return np.where(present > 0, counts[..., HITS] / np.maximum(present, 1), np.nan)


def multi_label_intervals(
    truth: np.ndarray,
    probability: np.ndarray,
    subjects: Sequence[str | None] | np.ndarray | None = None,
    *,
    thresholds: Sequence[float] | np.ndarray | None = None,
) -> Intervals:
    """95 % intervals of `multi_label_scores`, by the method of `affekt.metrics.intervals`.

    The classes of an item are not independent, so the units are items or subjects, not cells.

    Raises:
        ValueError: As `multi_label_scores`; or an item has no subject.
    """
    items = label_counts(truth, probability, thresholds=thresholds)
    units = units_of(len(items), subjects)
    counts = np.zeros((1, units.member.max() + 1, *items.shape[1:]))
    np.add.at(counts[0], units.member, items)
    return Intervals(unit_intervals(counts), units.over, units.note)


def unit_intervals(counts: np.ndarray) -> dict[str, Range]:
    """Intervals of `multi_label_scores`, means over runs, from counts of units (runs, units, k, 4).

    All runs answer the same items.
    """
    total = counts[0].sum(axis=0)
    present = total[:, HITS] + total[:, MISSES]
    sizes = {"accuracy": float(total.sum())}
    if present.any():  # else recall is undefined
        by_class = class_sizes(present)
        sizes |= {name: by_class[name] for name in ("uar", "macro_f1", "weighted_f1")}
        sizes |= {"mean_precision": by_class["uar"], "micro_f1": by_class["weighted_f1"]}
    return count_intervals(counts, scores_of_counts, sizes)


def multi_label_per_class(
    truth: np.ndarray,
    probability: np.ndarray,
    names: Sequence[str],
    *,
    thresholds: Sequence[float] | np.ndarray | None = None,
) -> list[dict[str, Any]]:
    """Precision, recall, F1, count, threshold and average precision of each class, by name.

    Average precision is None for a class that never occurs in the truth.

    Raises:
        ValueError: As `multi_label_scores`; or the number of names differs from that of classes.
    """
    counts = label_counts(truth, probability, thresholds=thresholds).sum(axis=0)
    check_items(classes=counts, names=names)
    limits = np.full(len(names), THRESHOLD) if thresholds is None else np.asarray(thresholds, float)
    present = _present(truth, probability)
    rows: list[dict[str, Any]] = []
    for k, (name, (hits, alarms, misses, _)) in enumerate(zip(names, counts, strict=True)):
        rows.append(
            {
                "class": name,
                "precision": float(hits / max(hits + alarms, 1)),
                "recall": float(hits / max(hits + misses, 1)),
                "f1": float(2 * hits / max(2 * hits + alarms + misses, 1)),
                "count": int(hits + misses),
                "threshold": float(limits[k]),
                "average_precision": ranked_precision(present[:, k], np.asarray(probability)[:, k]),
            }
        )
    return rows


def ranked_precision(present: np.ndarray, scores: np.ndarray) -> float | None:
    """Average precision of items ranked by score: the sum of precision times the increase of recall.

    Items of equal score count together, so their order does not matter. None if the class never occurs.

    Raises:
        ValueError: There is no item, or arrays differ in length.

    Example:
        >>> ranked_precision(np.array([True, False, True]), np.array([0.9, 0.8, 0.7])).__round__(3)
        0.833
    """
    present, scores = check_items(present=present, scores=scores)
    if not present.any():
        return None
    order = np.argsort(-scores, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    hits = np.cumsum(present[order])[ends]
    return float((np.diff(hits, prepend=0) * hits / (ends + 1)).sum() / hits[-1])


def fit_thresholds(truth: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """Thresholds (k,) that maximize the F1 of each class; fit them on validation items.

    A threshold is the midpoint of two neighbouring probabilities. Of equally good thresholds the nearest to
    0.5 is taken. A class that all items have, or none, keeps 0.5.

    Raises:
        ValueError: As `multi_label_scores`.

    Example:
        >>> truth, probability = np.array([[1], [1], [0], [0]]), np.array([[0.4], [0.3], [0.1], [0.0]])
        >>> fit_thresholds(truth, probability).tolist()
        [0.2]
    """
    present = _present(truth, probability)
    probability = np.asarray(probability, float)
    limits = np.full(probability.shape[1], THRESHOLD)
    for k in range(len(limits)):
        total = int(present[:, k].sum())
        if not 0 < total < len(present):
            continue
        order = np.argsort(-probability[:, k], kind="stable")
        falling = probability[order, k]
        ends = np.flatnonzero(np.append(np.diff(falling) != 0, True))
        f1 = 2 * np.cumsum(present[order, k])[ends] / (ends + 1 + total)
        # If the class is predicted for all items, the threshold is the lowest probability itself.
        middles = (falling[ends] + falling[np.minimum(ends + 1, len(falling) - 1)]) / 2
        best = np.flatnonzero(f1 >= f1.max() - 1e-12)
        limits[k] = middles[best[np.abs(middles[best] - THRESHOLD).argmin()]]
    return limits


def _present(truth: np.ndarray, probability: np.ndarray) -> np.ndarray:
    truth, probability = check_items(truth=truth, probability=probability)
    if truth.ndim != 2 or truth.shape != probability.shape:
        raise ValueError(
            "multi-label scores need truth and probability of the same shape (items, classes), "
            f"not {truth.shape} and {probability.shape}"
        )
    return truth > PRESENT
