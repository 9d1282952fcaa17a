"""Losses of tasks, as a recipe sets them: of classes, with smoothing and class weights, and of ratings."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from affekt.core.errors import UsageError

Reduction = Literal["mean", "none"]


def cross_entropy(
    logits: Tensor, target: Tensor, *, weight: Tensor | None, smoothing: float, reduction: Reduction
) -> Tensor:
    """Softmax cross-entropy of classes (b,) or shares (b, k); with `none` that of each item."""
    return F.cross_entropy(logits, target, weight=weight, label_smoothing=smoothing, reduction=reduction)


def focal_cross_entropy(
    logits: Tensor,
    target: Tensor,
    *,
    weight: Tensor | None,
    smoothing: float,
    reduction: Reduction,
    gamma: float = 2.0,
) -> Tensor:
    """Softmax cross-entropy in which a class of probability p counts by (1 - p)^gamma: items that are already
    right count less. With gamma 0 it is `cross_entropy`.

    Shares (b, k), class weights and smoothing are those of `cross_entropy`: each class's term has the factor
    of its own probability. The factor has a gradient.

    Args:
        gamma: At least 0; 2 in the paper.

    Source: Lin et al., ICCV 2017.
    """
    count = logits.shape[1]
    log_p = logits.log_softmax(dim=1)
    is_class = target.ndim == 1
    shares = F.one_hot(target, count).to(log_p.dtype) if is_class else target.to(log_p.dtype)
    smooth = shares * (1 - smoothing) + smoothing / count
    weights = log_p.new_ones(count) if weight is None else weight
    # 1 - p from the logarithm: for p near 1 the plain difference loses all digits.
    rest = (-torch.expm1(log_p)).clamp_min(torch.finfo(log_p.dtype).tiny)  # a root of 0 has no gradient
    loss = -(weights * smooth * rest**gamma * log_p).sum(dim=1)
    if reduction == "none":
        return loss
    return loss.sum() / (weights[target].sum() if is_class else len(loss))


def binary_cross_entropy(
    logits: Tensor, target: Tensor, *, weight: Tensor | None, smoothing: float, reduction: Reduction
) -> Tensor:
    """Sigmoid cross-entropy of weights (b, k) of independent classes, mean over the classes."""
    smooth = target * (1 - smoothing) + smoothing / 2
    loss = F.binary_cross_entropy_with_logits(logits, smooth, weight=weight, reduction=reduction)
    return loss if reduction == "mean" else loss.mean(dim=1)


def squared_error(
    logits: Tensor, target: Tensor, *, weight: Tensor | None, smoothing: float, reduction: Reduction
) -> Tensor:
    """Squared error of ratings (b, d), mean over the dimensions; weights and smoothing are of classes only.

    Raises:
        ValueError: The recipe asks for either.
    """
    _check_ratings(weight, smoothing)
    loss = F.mse_loss(logits, target, reduction=reduction)
    return loss if reduction == "mean" else loss.mean(dim=1)


def absolute_error(
    logits: Tensor, target: Tensor, *, weight: Tensor | None, smoothing: float, reduction: Reduction
) -> Tensor:
    """Absolute error of ratings (b, d), mean over the dimensions; raises as `squared_error`."""
    _check_ratings(weight, smoothing)
    loss = F.l1_loss(logits, target, reduction=reduction)
    return loss if reduction == "mean" else loss.mean(dim=1)


def concordance_error(
    logits: Tensor, target: Tensor, *, weight: Tensor | None, smoothing: float, reduction: Reduction
) -> Tensor:
    """1 less the concordance correlation (CCC) of the ratings (b, d) of a batch, mean over the dimensions.

    Between 0 and 2. It depends on the batch as a whole, so batches must be large enough for their spread to
    be estimated: some dozens. A batch of one item, or with equal ratings, has the loss 1 and no gradient.

    Raises:
        UsageError: The loss of each item was asked for: CCC has none.
        ValueError: As `squared_error`.

    Source: Lin, Biometrics 1989, with moments over n; as a loss: Trigeorgis et al., ICASSP 2016.
    """
    _check_ratings(weight, smoothing)
    if reduction == "none":
        raise UsageError(
            "the loss ccc is of a whole batch, but this objective needs the loss of each item: "
            "take loss.name = 'mse' or 'l1'"
        )
    one, other = logits.float(), target.float()  # squares of half precision lose too many digits
    gap = one.mean(dim=0) - other.mean(dim=0)
    one, other = one - one.mean(dim=0), other - other.mean(dim=0)
    covariance = (one * other).mean(dim=0)
    spread = one.square().mean(dim=0) + other.square().mean(dim=0) + gap.square()
    # Equal ratings leave a spread of rounding errors, whose quotients would be gradients of any size.
    return (1 - 2 * covariance / spread.clamp_min(1e-8)).mean()


def _check_ratings(weight: Tensor | None, smoothing: float) -> None:
    if weight is not None or smoothing:
        raise ValueError("class weights and label smoothing do not apply to ratings")
