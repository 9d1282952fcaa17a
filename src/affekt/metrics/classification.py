"""Scores of a classifier, computed from its confusion matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from affekt.metrics.checks import check_class_numbers, check_counts, check_items


def confusion_matrix(truth: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts (classes, classes): rows are the truth, columns the prediction.

    Raises:
        ValueError: There is no item, the arrays differ in length, or a class number is not below `classes`
            (it would be counted in another class's cell).

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    truth, predicted = check_items(truth=truth, predicted=predicted)
    check_class_numbers(classes, truth=truth, predicted=predicted)
    cells = np.bincount(truth.astype(np.int64) * classes + predicted, minlength=classes * classes)
    return cells.reshape(classes, classes)


def scores_of(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Accuracy, unweighted average recall, macro and weighted F1, each (...), of matrices (..., k, k).

    Recall is averaged over the classes that occur in the truth. Macro F1 excludes classes that
    neither occur nor are predicted.

    Raises:
        ValueError: A matrix is not square, or holds no item.

    Example:
        >>> scores = scores_of(np.array([[1, 1], [0, 2]]))
        >>> float(scores["accuracy"]), float(scores["uar"])
        (0.75, 0.75)
    """
    confusion = check_counts(confusion)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    actual, predicted = confusion.sum(-1), confusion.sum(-2)
    total = actual.sum(-1)
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


def mean_distance(confusion: np.ndarray, distances: np.ndarray) -> float:
    """Mean distance of prediction and truth over all items.

    Args:
        confusion: (k, k) counts, rows are the truth.
        distances: (k, k), 0 on the diagonal.

    Raises:
        ValueError: The matrix is not square, or holds no item.

    Example:
        >>> mean_distance(np.array([[1, 1], [0, 2]]), np.array([[0.0, 1.0], [1.0, 0.0]]))
        0.25
    """
    confusion = check_counts(confusion)
    return float((confusion * distances).sum() / confusion.sum())


def recalls_of(confusion: np.ndarray) -> np.ndarray:
    """Recall of each class (..., k) of matrices (..., k, k); NaN for a class without items.

    Example:
        >>> recalls_of(np.array([[1, 1], [0, 0]])).tolist()
        [0.5, nan]
    """
    confusion = np.asarray(confusion, float)
    actual = confusion.sum(-1)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return np.where(actual > 0, hits / np.maximum(actual, 1), np.nan)


def per_class(confusion: np.ndarray, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and count of each class, by name.

    Raises:
        ValueError: The matrix is not square, is empty, or the number of names differs from that of classes.
    """
    confusion = check_counts(confusion)
    check_items(classes=confusion, names=names)
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


def group_confusions(
    truth: np.ndarray, predicted: np.ndarray, classes: int, groups: np.ndarray
) -> np.ndarray:
    """A confusion matrix for each group: (groups, classes, classes), groups in sorted order.

    Raises:
        ValueError: As `confusion_matrix`; or an item has no group.
    """
    truth, predicted, groups = check_items(truth=truth, predicted=predicted, groups=groups)
    check_class_numbers(classes, truth=truth, predicted=predicted)
    names, member = np.unique(groups, return_inverse=True)
    units = np.zeros((len(names), classes, classes))
    np.add.at(units, (member, truth, predicted), 1)
    return units
