"""Agreement from votes alone: it needs no names of raters, so that published counts can be judged as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affekt.core.labels import LabelSet
from affekt.core.wheel import wheel_distances
from affekt.metrics.agreement.kappa import fleiss_kappa, krippendorff_alpha_of_counts, nominal
from affekt.metrics.agreement.ratings import vote_entropy, vote_shares


@dataclass(frozen=True)
class VoteAgreement:
    """Agreement over items with votes.

    Attributes:
        items: Number of items with at least one vote.
        shared: Number of items with at least two.
        votes: Number of all votes.
        alpha: Krippendorff's alpha, nominal; None if it is not defined.
        alpha_ring: The same with the distances on Plutchik's wheel; None if the labels are not on it.
        fleiss: Kappa of Fleiss over the items with `fleiss_votes` votes each; None if it is not defined.
        fleiss_items: Their number.
        unanimous: Share of the shared items whose votes all name one label; None without shared items.
        mean_entropy: Mean entropy of the shared items, in nats; None without any.
        entropy: (items,) in nats, of all items that were given; NaN without votes.
        shares: (items, k), soft labels.
        confusions: (k, k), how often two votes of one item name these labels: each item counts by its pairs
            over its votes less one, so that the sum is the number of votes of shared items; symmetric.
    """

    items: int
    shared: int
    votes: int
    alpha: float | None
    alpha_ring: float | None
    fleiss: float | None
    fleiss_items: int
    fleiss_votes: int
    unanimous: float | None
    mean_entropy: float | None
    entropy: np.ndarray
    shares: np.ndarray
    confusions: np.ndarray


def vote_agreement(counts: np.ndarray, labels: LabelSet) -> VoteAgreement:
    """Agreement from votes (items, k).

    Fleiss' kappa is over the items with the most frequent number of votes above one, the larger one of two.

    Raises:
        ValueError: There is not one column for each label.
    """
    counts = np.asarray(counts)
    if counts.ndim != 2 or counts.shape[1] != len(labels):
        raise ValueError(f"votes need a column for each of {len(labels)} labels, found {counts.shape}")
    totals = counts.sum(axis=1)
    shared = counts[totals > 1]
    numbers, times = np.unique(shared.sum(axis=1), return_counts=True)
    number = int(numbers[times == times.max()].max()) if len(numbers) else 0
    complete = counts[totals == number] if number else counts[:0]
    ring = wheel_distances(labels)
    return VoteAgreement(
        items=int((totals > 0).sum()),
        shared=len(shared),
        votes=int(totals.sum()),
        alpha=defined(krippendorff_alpha_of_counts(counts, nominal(len(labels)))),
        alpha_ring=None if ring is None else defined(krippendorff_alpha_of_counts(counts, ring**2)),
        fleiss=defined(fleiss_kappa(complete)) if len(complete) else None,
        fleiss_items=len(complete),
        fleiss_votes=number,
        unanimous=float((shared.max(axis=1) == shared.sum(axis=1)).mean()) if len(shared) else None,
        mean_entropy=float(vote_entropy(shared).mean()) if len(shared) else None,
        entropy=vote_entropy(counts),
        shares=vote_shares(counts),
        confusions=_confusions(shared),
    )


def defined(value: float) -> float | None:
    """A number, or None where it is NaN: what is not defined is stated as missing."""
    return None if np.isnan(value) else float(value)


def _confusions(shared: np.ndarray) -> np.ndarray:
    weights = 1 / (shared.sum(axis=1) - 1)
    pairs = np.einsum("i,ia,ib->ab", weights, shared.astype(float), shared.astype(float))
    return pairs - np.diag(weights @ shared)
