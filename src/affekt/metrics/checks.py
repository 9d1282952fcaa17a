"""Checks of the arrays of all metrics."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_items(**arrays: Any) -> tuple[np.ndarray, ...]:
    """Check the arrays of a metric, given by name: the first axis of each is the items.

    Raises:
        ValueError: There is no item, the arrays differ in their number of items, or numbers are not finite.

    Example:
        >>> check_items(truth=[0, 1], predicted=[1, 1, 0])
        Traceback (most recent call last):
            ...
        ValueError: a metric needs arrays of the same items: truth has 2, predicted has 3
    """
    found = {name: np.asarray(array) for name, array in arrays.items()}
    scalars = [name for name, array in found.items() if array.ndim == 0]
    if scalars:
        raise ValueError(f"a metric needs an array of items: {scalars[0]} is a single number")
    counts = {name: len(array) for name, array in found.items()}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise ValueError(f"a metric needs arrays of the same items: {listed}")
    if not all(array.size for array in found.values()):
        raise ValueError(f"a metric needs at least one item: {' and '.join(found)} are empty")
    for name, array in found.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"a metric needs finite numbers: {name} holds others")
    return tuple(found.values())


def check_class_numbers(classes: int, **arrays: np.ndarray) -> None:
    """Check that class numbers (n,) lie in 0 to `classes` - 1.

    Raises:
        ValueError: They do not, or are not integers.
    """
    for name, numbers in arrays.items():
        if numbers.ndim != 1 or numbers.dtype.kind not in "iub":
            raise ValueError(
                f"{name} must hold class numbers, one integer per item, "
                f"not an array {numbers.shape} of {numbers.dtype}"
            )
        if np.any((numbers < 0) | (numbers >= classes)):
            found = f"{np.min(numbers)} to {np.max(numbers)}"
            raise ValueError(f"class numbers must lie in 0 to {classes - 1}, found {found} in {name}")


def check_counts(confusion: Any) -> np.ndarray:
    """Confusion matrices (..., k, k) as float, each with at least one item.

    Raises:
        ValueError: The last two axes differ, or a matrix is empty.
    """
    counts = np.asarray(confusion, float)
    if counts.ndim < 2 or counts.shape[-1] != counts.shape[-2]:
        raise ValueError(f"a confusion matrix must be square, found shape {counts.shape}")
    if not counts.size or not np.all(counts.sum(axis=(-2, -1)) > 0):
        raise ValueError("a metric needs at least one item: a confusion matrix is empty")
    return counts
