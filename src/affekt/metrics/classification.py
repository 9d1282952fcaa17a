"""Scores of a classifier, all from its confusion matrix."""

from __future__ import annotations

from typing import Any

import numpy as np


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts (classes, classes): rows are the truth, columns the prediction.

    Raises:
        ValueError: A class number is not below `classes`; it would be counted in another class's cell.

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    for numbers in (truth, predicted):
        if np.any((numbers < 0) | (numbers >= classes)):
            found = f"{np.min(numbers)} to {np.max(numbers)}"
            raise ValueError(f"class numbers lie in 0 to {classes - 1}, found {found}")
    cells = np.bincount(np.asarray(truth) * classes + np.asarray(predicted), minlength=classes * classes)
    return cells.reshape(classes, classes)


def scores_of(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Accuracy, unweighted average recall, macro and weighted F1 of (..., k, k) matrices, each of shape
    (...).

    Recall is averaged over the classes that occur in the truth; a class that neither occurs nor is predicted
    has no part in macro F1 either.

    Example:
        >>> scores = scores_of(np.array([[1, 1], [0, 2]]))
        >>> float(scores["accuracy"]), float(scores["uar"])
        (0.75, 0.75)
    """
    confusion = np.asarray(confusion, float)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    actual, predicted = confusion.sum(-1), confusion.sum(-2)
    total = np.maximum(actual.sum(-1), 1)
    recall = hits / np.maximum(actual, 1)
    f1 = 2 * hits / np.maximum(actual + predicted, 1)
    occurs, seen = actual > 0, actual + predicted > 0
    scores = {
        "accuracy": hits.sum(-1) / total,
        "uar": (recall * occurs).sum(-1) / np.maximum(occurs.sum(-1), 1),
        "macro_f1": (f1 * seen).sum(-1) / np.maximum(seen.sum(-1), 1),
        "weighted_f1": (f1 * actual).sum(-1) / total,
    }
    return {name: np.asarray(values) for name, values in scores.items()}


def per_class(confusion: np.ndarray, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and count of each class, by name."""
    hits, actual, predicted = np.diagonal(confusion), confusion.sum(1), confusion.sum(0)
    return [
        {
            "class": name,
            "precision": float(hits[k] / max(predicted[k], 1)),
            "recall": float(hits[k] / max(actual[k], 1)),
            "f1": float(2 * hits[k] / max(actual[k] + predicted[k], 1)),
            "count": int(actual[k]),
        }
        for k, name in enumerate(names)
    ]


def multi_label_scores(truth: np.ndarray, probability: np.ndarray) -> dict[str, float]:
    """Scores where classes do not exclude each other: arrays (n, k), a class is present from 0.5 on.

    `accuracy` is the share of right (item, class) cells; `uar`, `macro_f1` and `mean_precision` average over
    classes.
    """
    present, said = np.asarray(truth) > 0.5, np.asarray(probability) >= 0.5
    hits = (present & said).sum(0)
    f1 = 2 * hits / np.maximum(present.sum(0) + said.sum(0), 1)
    return {
        "accuracy": float((present == said).mean()),
        "uar": float((hits / np.maximum(present.sum(0), 1)).mean()),
        "macro_f1": float(f1.mean()),
        "weighted_f1": float((f1 * present.sum(0)).sum() / max(present.sum(), 1)),
        "mean_precision": float((hits / np.maximum(said.sum(0), 1)).mean()),
    }


def bootstrap_intervals(
    truth: np.ndarray,
    predicted: np.ndarray,
    classes: int,
    *,
    groups: np.ndarray | None = None,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of `scores_of`, by resampling items, or whole groups where items belong together.

    Walks of one person resemble each other; drawn one by one they would feign more evidence than there is.

    Args:
        groups: Group of each item, such as its subject.
    """
    rng = np.random.default_rng(seed)
    if groups is None:
        cells = confusion_matrix(truth, predicted, classes).reshape(-1)
        drawn = rng.multinomial(cells.sum(), cells / cells.sum(), size=draws).reshape(draws, classes, classes)
    else:
        units = group_confusions(truth, predicted, classes, groups)
        drawn = np.tensordot(draw_groups(len(units), draws, rng), units, axes=1)
    return {name: interval(values, level) for name, values in scores_of(drawn).items()}


def group_confusions(
    truth: np.ndarray, predicted: np.ndarray, classes: int, groups: np.ndarray
) -> np.ndarray:
    """A confusion matrix for each group: (groups, classes, classes), groups in sorted order."""
    names, member = np.unique(groups, return_inverse=True)
    units = np.zeros((len(names), classes, classes))
    np.add.at(units, (member, truth, predicted), 1)
    return units


def draw_groups(groups: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """How often each group is drawn in each of `draws` resamples: (draws, groups)."""
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=draws)


def interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of resampled values."""
    low, high = np.percentile(values, (50 * (1 - level), 50 * (1 + level)))
    return float(low), float(high)
