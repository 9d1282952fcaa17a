"""Losses of tasks, as a recipe sets them: those of classes with smoothing and class weights."""

from __future__ import annotations

from typing import Literal

from torch import Tensor
from torch.nn import functional as F

Reduction = Literal["mean", "none"]


def cross_entropy(
    logits: Tensor, target: Tensor, *, weight: Tensor | None, smoothing: float, reduction: Reduction
) -> Tensor:
    """Softmax cross-entropy of classes (b,) or shares (b, k); with `none` that of each item."""
    return F.cross_entropy(logits, target, weight=weight, label_smoothing=smoothing, reduction=reduction)


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
