"""Losses of anchors against samples and prototypes: SPCL and its decoupled form SPDCL."""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import softplus

from affekt.layers.contrast.similarity import EPSILON, score


class Pairs(NamedTuple):
    """Anchors (n) against all rows (m): samples, then prototypes.

    Attributes:
        scores: Scores divided by the temperature, minus the maximum of the matrix. An anchor's score with
            itself is 0 before the subtraction and is part of no sum.
        positive: Whether the row is another one of the anchor's class.
        negative: Whether the row is of another class.
    """

    scores: Float[Tensor, "n m"]
    positive: Bool[Tensor, "n m"]
    negative: Bool[Tensor, "n m"]


class AnchorLosses(NamedTuple):
    """Loss of each anchor, and whether it counts."""

    losses: Float[Tensor, "n"]
    is_kept: Bool[Tensor, "n"]

    def mean(self) -> Float[Tensor, ""]:
        """Mean over the anchors that count; 0, with a gradient of 0, if none does."""
        total = torch.where(self.is_kept, self.losses, torch.zeros_like(self.losses)).sum()
        return total / (self.is_kept.sum() + EPSILON)


def make_pairs(
    features: Float[Tensor, "b d"],
    labels: Int[Tensor, "b"],
    prototypes: Float[Tensor, "p d"],
    classes: Int[Tensor, "p"],
    *,
    temperature: float,
    prototypes_are_anchors: bool = False,
) -> Pairs:
    """Score the anchors with all samples and prototypes.

    Args:
        labels: Class of each sample, all known.
        classes: Class of each prototype; classes without prototype are left out.
        prototypes_are_anchors: By default the samples alone are anchors.

    Raises:
        ValueError: There is nothing to score.
    """
    if not len(features):
        raise ValueError("a contrastive loss needs at least one labelled sample")
    rows, row_labels = torch.cat([features, prototypes]), torch.cat([labels, classes])
    count = len(rows) if prototypes_are_anchors else len(features)
    is_self = torch.eye(count, len(rows), dtype=torch.bool, device=rows.device)
    scores = score(rows[:count], rows).masked_fill(is_self, 0.0) / temperature
    same = row_labels[:count, None] == row_labels[None]
    return Pairs(scores - scores.detach().max(), same & ~is_self, ~same)


def spcl(pairs: Pairs, *, threshold: float = 0.3) -> AnchorLosses:
    """Supervised prototypical contrastive loss: l_i = -log(p_i / (|P(i)| + e) + e).

    p_i is the share of the positives in the sum of the exponentials. Since the logarithm is of p divided by
    |P|, an anchor with two or more positives always has a loss of at least log 2.

    Anchors without positives do not count: their loss is a constant.

    Source: Song et al., EMNLP 2022.
    """
    has_positive, positive = _log_sum_exp(pairs.scores, pairs.positive)
    has_negative, negative = _log_sum_exp(pairs.scores, pairs.negative)
    # -log p as a softplus: for p near 1 a quotient of sums loses the digits of its gradient.
    surprise = torch.where(has_negative, softplus(negative - positive), torch.zeros_like(positive))
    log_share = -surprise - torch.log(pairs.positive.sum(dim=1) + EPSILON)
    losses = -torch.logaddexp(log_share, torch.full_like(log_share, math.log(EPSILON)))
    return AnchorLosses(losses, has_positive & _exceeds(losses, threshold))


def spdcl(pairs: Pairs, *, threshold: float = 0.0) -> AnchorLosses:
    """Decoupled form: l_i = -mean of the positive scores + log(sum of the exponentials of the negatives + e).

    Its value depends on the shift of the scores where the negatives are far (through e) and where an anchor
    has no positives (a prototype whose class is absent from the batch): its first term is then 0. Both are as
    in the reference implementations.
    """
    positives = pairs.positive.sum(dim=1)
    attraction = torch.where(pairs.positive, pairs.scores, torch.zeros_like(pairs.scores)).sum(dim=1)
    epsilon = pairs.scores.new_full((len(pairs.scores), 1), math.log(EPSILON))
    terms = torch.cat([pairs.scores.masked_fill(~pairs.negative, -torch.inf), epsilon], dim=1)
    losses = torch.logsumexp(terms, dim=1) - attraction / (positives + EPSILON)
    return AnchorLosses(losses, _exceeds(losses, threshold))


def _log_sum_exp(
    scores: Float[Tensor, "n m"], chosen: Bool[Tensor, "n m"]
) -> tuple[Bool[Tensor, "n"], Float[Tensor, "n"]]:
    """Whether a row has chosen scores, and the logarithm of the sum of their exponentials.

    A row without any is summed over all scores: the logarithm of an empty sum has no gradient.
    """
    has_any = chosen.any(dim=1)
    return has_any, torch.logsumexp(scores.masked_fill(~(chosen | ~has_any[:, None]), -torch.inf), dim=1)


def _exceeds(losses: Float[Tensor, "n"], threshold: float) -> Bool[Tensor, "n"]:
    """Whether a loss counts; NaN does, so that it is not silently left out."""
    return ~(losses <= threshold)
