"""Ratings as counts: votes for each class, their entropy and soft labels."""

from __future__ import annotations

import numpy as np

MISSING = -1


def vote_counts(ratings: np.ndarray, classes: int) -> np.ndarray:
    """Votes of each item for each class: (items, k) int64, from ratings (items, raters).

    Raises:
        ValueError: A rating is neither a class nor missing.

    Example:
        >>> vote_counts(np.array([[0, 1, 1], [2, -1, -1]]), 3).tolist()
        [[1, 2, 0], [0, 0, 1]]
    """
    ratings = np.asarray(ratings)
    if ratings.ndim != 2 or ratings.dtype.kind not in "iu":
        raise ValueError(f"ratings need whole numbers (items, raters), found {ratings.dtype} {ratings.shape}")
    if ratings.size and not MISSING <= ratings.min() <= ratings.max() < classes:
        raise ValueError(
            f"ratings of {classes} classes lie in 0 to {classes - 1}, or are {MISSING}; found "
            f"{ratings.min()} to {ratings.max()}"
        )
    return (ratings[:, :, None] == np.arange(classes)).sum(axis=1)


def vote_shares(counts: np.ndarray) -> np.ndarray:
    """Soft labels (items, k): the share of the votes for each class; equal shares without any vote."""
    counts = np.asarray(counts, float)
    total = counts.sum(axis=1, keepdims=True)
    return np.where(total > 0, counts / np.maximum(total, 1), 1 / counts.shape[1])


def vote_entropy(counts: np.ndarray) -> np.ndarray:
    """Entropy of the votes of each item (items,), in nats: 0 where all agree; NaN without any vote.

    Example:
        >>> vote_entropy(np.array([[2, 0], [1, 1]])).round(3).tolist()
        [0.0, 0.693]
    """
    counts = np.asarray(counts, float)
    shares = vote_shares(counts)
    terms = np.where(shares > 0, shares * np.log(np.where(shares > 0, shares, 1)), 0)
    return np.where(counts.sum(axis=1) > 0, np.abs(terms.sum(axis=1)), np.nan)
