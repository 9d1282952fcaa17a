"""Agreement of raters beyond chance: kappa of Cohen and of Fleiss, alpha of Krippendorff."""

from __future__ import annotations

import numpy as np

from affekt.metrics.agreement.ratings import MISSING, vote_counts


def cohen_kappa(one: np.ndarray, other: np.ndarray, classes: int) -> float:
    """Kappa of two raters over the items that both rated: 1 for full agreement, 0 for that of chance.

    NaN if they share no item, or both only ever use one and the same class.

    Source: Cohen, Educational and Psychological Measurement 1960.

    Example:
        >>> cohen_kappa(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), 2)
        0.5
    """
    both = (np.asarray(one) != MISSING) & (np.asarray(other) != MISSING)
    pairs = np.zeros((classes, classes))
    np.add.at(pairs, (np.asarray(one)[both], np.asarray(other)[both]), 1)
    if not pairs.sum():
        return float("nan")
    shares = pairs / pairs.sum()
    by_chance = float(shares.sum(axis=1) @ shares.sum(axis=0))
    return float((np.trace(shares) - by_chance) / (1 - by_chance)) if by_chance < 1 else float("nan")


def cohen_kappas(ratings: np.ndarray, classes: int) -> np.ndarray:
    """Kappa of each pair of raters: (raters, raters), 1 on the diagonal."""
    columns = np.asarray(ratings).T
    found = np.eye(len(columns))
    for first in range(len(columns)):
        for second in range(first):
            found[first, second] = found[second, first] = cohen_kappa(
                columns[first], columns[second], classes
            )
    return found


def fleiss_kappa(counts: np.ndarray) -> float:
    """Kappa of several raters from votes (items, k), each item with the same number of at least two votes.

    NaN if all votes are for one class.

    Raises:
        ValueError: Items have different numbers of votes: take `krippendorff_alpha`.

    Source: Fleiss, Psychological Bulletin 1971.
    """
    counts = np.asarray(counts, float)
    numbers = np.unique(counts.sum(axis=1))
    if len(numbers) != 1 or numbers[0] < 2:
        raise ValueError(
            "Fleiss' kappa needs the same number of at least two votes for each item, found "
            f"{', '.join(f'{number:g}' for number in numbers)}: take Krippendorff's alpha"
        )
    raters = numbers[0]
    agreement = ((counts**2).sum(axis=1) - raters) / (raters * (raters - 1))
    by_chance = float(((counts.sum(axis=0) / counts.sum()) ** 2).sum())
    return float((agreement.mean() - by_chance) / (1 - by_chance)) if by_chance < 1 else float("nan")


def krippendorff_alpha(ratings: np.ndarray, distances: np.ndarray) -> float:
    """Alpha of any number of raters, of whom each may miss items.

    Args:
        distances: (k, k), squared distance of each pair of classes, such as `nominal` or `ring`.

    Returns:
        1 for full agreement, 0 for that of chance; NaN if no item has two ratings, or all use one class.

    Source: Krippendorff, Content Analysis, 2004.
    """
    return krippendorff_alpha_of_counts(vote_counts(ratings, len(distances)), distances)


def krippendorff_alpha_of_counts(counts: np.ndarray, distances: np.ndarray) -> float:
    """The same from votes (items, k): it does not depend on who gave which vote.

    Example:
        >>> round(krippendorff_alpha_of_counts(np.array([[2, 0], [1, 1], [0, 2]]), nominal(2)), 3)
        0.444
    """
    counts = np.asarray(counts, float)
    counts = counts[counts.sum(axis=1) > 1]
    if not len(counts):
        return float("nan")
    # Pairs of ratings of one item; a rating is not paired with itself.
    pairs = counts[:, :, None] * counts[:, None, :] - counts[:, :, None] * np.eye(len(distances))
    coincidences = (pairs / (counts.sum(axis=1) - 1)[:, None, None]).sum(axis=0)
    totals = coincidences.sum(axis=1)
    expected = np.outer(totals, totals) - np.diag(totals)
    observed = float((coincidences * distances).sum())
    by_chance = float((expected * distances).sum()) / (totals.sum() - 1)
    return float(1 - observed / by_chance) if by_chance > 0 else float("nan")


def nominal(classes: int) -> np.ndarray:
    """Squared distances of classes without order: 1 for each pair of different ones."""
    return 1.0 - np.eye(classes)


def ring(classes: int) -> np.ndarray:
    """Squared distances on a ring, such as Plutchik's wheel: 1 for opposite classes.

    Example:
        >>> ring(8)[0].tolist()
        [0.0, 0.0625, 0.25, 0.5625, 1.0, 0.5625, 0.25, 0.0625]
    """
    apart = np.abs(np.subtract.outer(np.arange(classes), np.arange(classes)))
    return (np.minimum(apart, classes - apart) / (classes / 2)) ** 2
