"""Losses of tasks, as a recipe sets them: those of classes with smoothing and class weights."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

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
    if weight is not None or smoothing:
        raise ValueError("class weights and label smoothing do not apply to ratings")
    loss = F.mse_loss(logits, target, reduction=reduction)
    return loss if reduction == "mean" else loss.mean(dim=1)
