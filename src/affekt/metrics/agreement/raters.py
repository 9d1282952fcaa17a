"""Labels and confusions of raters from ratings that disagree, by the model of Dawid and Skene."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from affekt.metrics.agreement.ratings import MISSING, vote_counts, vote_shares

ROUNDS = 50
SMOOTHING = 0.01  # added to each cell of a confusion: a rater may do what was not seen yet


@dataclass(frozen=True)
class RaterModel:
    """What the ratings say of items and of raters.

    Attributes:
        posterior: (items, k), probability of each class.
        confusions: (raters, k, k), probability of each rating given the class; rows sum to 1.
        prior: (k,), frequency of each class.
    """

    posterior: np.ndarray
    confusions: np.ndarray
    prior: np.ndarray


def dawid_skene(
    ratings: np.ndarray, classes: int, *, rounds: int = ROUNDS, smoothing: float = SMOOTHING
) -> RaterModel:
    """Estimate the model by expectation maximisation from the shares of votes.

    Raters are assumed to err independently of each other given the class.

    Args:
        ratings: (items, raters) class numbers, -1 for missing.

    Raises:
        ValueError: A rating is neither a class nor missing.

    Source: Dawid and Skene, Applied Statistics 1979.
    """
    ratings = np.asarray(ratings)
    posterior = vote_shares(vote_counts(ratings, classes))
    said = (ratings[:, :, None] == np.arange(classes)).astype(float)  # items, raters, k
    was_given = ratings != MISSING
    for _ in range(rounds):
        prior = posterior.mean(axis=0)
        confusions = np.einsum("it,irs->rts", posterior, said) + smoothing
        confusions /= confusions.sum(axis=2, keepdims=True)
        # log P(ratings of an item | class): a missing rating says nothing.
        terms = np.einsum("irs,rts->irt", said, np.log(confusions)) * was_given[:, :, None]
        joint = np.log(np.maximum(prior, 1e-300)) + terms.sum(axis=1)
        joint = np.exp(joint - joint.max(axis=1, keepdims=True))
        posterior = joint / joint.sum(axis=1, keepdims=True)
    prior = posterior.mean(axis=0)
    confusions = np.einsum("it,irs->rts", posterior, said) + smoothing
    return RaterModel(posterior, confusions / confusions.sum(axis=2, keepdims=True), prior)
