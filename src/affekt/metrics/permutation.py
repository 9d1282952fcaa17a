"""Detection of exchanged class labels from a confusion matrix."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from affekt.metrics.checks import check_counts

# Smallest gain and ratio of accuracy that are more than chance.
LEAST_GAIN = 0.2
LEAST_RATIO = 1.5


def best_permutation(confusion: np.ndarray) -> tuple[tuple[int, ...], float]:
    """The assignment of outputs to true classes with the highest accuracy, and that accuracy.

    Weights that were trained with another class order have a low accuracy, but a high one with their own
    order. An output keeps its class if a change would not increase the accuracy.

    Args:
        confusion: Counts (k, k): rows are the truth, columns the outputs.

    Returns:
        The class of each output, and the accuracy with this assignment.

    Raises:
        ValueError: The matrix is not square, or holds no item.

    Example:
        >>> best_permutation(np.array([[0, 9, 0], [0, 1, 8], [7, 0, 0]]))
        ((2, 0, 1), 0.96)
    """
    counts = check_counts(confusion)
    if counts.ndim != 2:
        raise ValueError(f"a confusion matrix must be square, found shape {counts.shape}")
    # Less than one item in total, so that it only breaks ties.
    stay = np.eye(len(counts)) / (2 * len(counts))
    truth, output = linear_sum_assignment(counts + stay, maximize=True)
    order = np.empty(len(counts), int)
    order[output] = truth
    accuracy = counts[truth, output].sum() / max(counts.sum(), 1)
    return tuple(order.tolist()), float(accuracy)


def exchanged_labels(confusion: np.ndarray, names: tuple[str, ...]) -> str:
    """A sentence if the outputs seem to have another order than the labels; empty if not.

    Example:
        >>> exchanged_labels(np.array([[2, 98], [99, 1]]), ("glad", "sad")).partition(" accuracy")[0]
        'labels seem exchanged: with outputs read as glad=sad, sad=glad'
    """
    counts = np.asarray(confusion, float)
    items = counts.sum()
    if not items:
        return ""
    accuracy = np.trace(counts) / items
    order, best = best_permutation(counts)
    # The best order is better by chance if there are few items: require three standard deviations.
    least = max(LEAST_GAIN, 3 / np.sqrt(items))
    if best - accuracy <= least or best < LEAST_RATIO * accuracy:
        return ""
    read = ", ".join(f"{names[k]}={names[true]}" for k, true in enumerate(order) if k != true)
    return (
        f"labels seem exchanged: with outputs read as {read} accuracy would be {best:.2f} instead of "
        f"{accuracy:.2f}; check the label order"
    )
