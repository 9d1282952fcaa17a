"""Which classes were exchanged: a diagnosis from a confusion matrix."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from affekt.metrics.checks import check_counts

# Below these, another reading of the outputs is no better than chance makes it look.
LEAST_GAIN = 0.2
LEAST_RATIO = 1.5


def best_permutation(confusion: np.ndarray) -> tuple[tuple[int, ...], float]:
    """The true class that each output really seems to mean, and the accuracy if it is read so.

    Weights that were trained with classes in another order score low, and evenly so; read in their own order
    they score high. An output keeps its meaning where a change would gain nothing.

    Args:
        confusion: Counts (k, k): rows are the truth, columns the outputs.

    Returns:
        For each output the class it means, and the accuracy with outputs read in that way.

    Raises:
        ValueError: The matrix is not square, or holds no item.

    Example:
        >>> best_permutation(np.array([[0, 9, 0], [0, 1, 8], [7, 0, 0]]))
        ((2, 0, 1), 0.96)
    """
    counts = check_counts(confusion)
    if counts.ndim != 2:
        raise ValueError(f"a confusion matrix is square, found shape {counts.shape}")
    # Less than one item altogether: decides between equals only.
    stay = np.eye(len(counts)) / (2 * len(counts))
    truth, output = linear_sum_assignment(counts + stay, maximize=True)
    order = np.empty(len(counts), int)
    order[output] = truth
    accuracy = counts[truth, output].sum() / max(counts.sum(), 1)
    return tuple(order.tolist()), float(accuracy)


def exchanged_labels(confusion: np.ndarray, names: tuple[str, ...]) -> str:
    """One sentence if outputs seem to stand in another order than their labels; empty if not.

    Example:
        >>> exchanged_labels(np.array([[2, 98], [99, 1]]), ("glad", "sad")).partition(" accuracy")[0]
        'labels look exchanged: with outputs read as glad=sad, sad=glad'
    """
    counts = np.asarray(confusion, float)
    items = counts.sum()
    if not items:
        return ""
    accuracy = np.trace(counts) / items
    order, best = best_permutation(counts)
    # The best of all orders always looks better; three standard deviations of what few items do by chance.
    least = max(LEAST_GAIN, 3 / np.sqrt(items))
    if best - accuracy <= least or best < LEAST_RATIO * accuracy:
        return ""
    read = ", ".join(f"{names[k]}={names[true]}" for k, true in enumerate(order) if k != true)
    return (
        f"labels look exchanged: with outputs read as {read} accuracy would be {best:.2f} instead of "
        f"{accuracy:.2f}; check the label order"
    )
