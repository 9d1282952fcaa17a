"""The classification loss that the engine brings to a method's objective."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.core.dataset import Task
from affekt.core.errors import ConfigError
from affekt.core.labels import LabelSet
from affekt.core.recipe import LossSettings


class WeightedCrossEntropy(nn.Module):
    """Cross-entropy with smoothing and class weights; binary where classes do not exclude each other.

    Implements `affekt.layers.cross_entropy.Criterion`.
    """

    weight: Tensor | None

    def __init__(self, settings: LossSettings, task: Task, weight: Tensor | None, labels: LabelSet) -> None:
        super().__init__()
        self.smoothing, self.task, self.labels = settings.label_smoothing, task, labels
        self.register_buffer("weight", weight, persistent=False)

    def forward(
        self, logits: Tensor, target: Tensor, *, reduction: Literal["mean", "none"] = "mean"
    ) -> Tensor:
        """The loss, or that of each item (b,)."""
        if self.task == "multi_label":
            smooth = target * (1 - self.smoothing) + self.smoothing / 2
            loss = F.binary_cross_entropy_with_logits(logits, smooth, weight=self.weight, reduction=reduction)
            return loss if reduction == "mean" else loss.mean(dim=1)
        return F.cross_entropy(
            logits, target, weight=self.weight, label_smoothing=self.smoothing, reduction=reduction
        )


def class_weights(settings: LossSettings, targets: Tensor, labels: LabelSet) -> Tensor | None:
    """Weight of each class: none, those of the recipe, or inverse to how often it occurs in training (mean
    1).

    Raises:
        ConfigError: The recipe weighs a class that the data set does not have, or leaves one out.
    """
    if settings.class_weights == "none":
        return None
    if settings.class_weights == "balanced":
        count = (
            targets.sum(0) if targets.ndim == 2 else torch.bincount(targets, minlength=len(labels)).float()
        )
        return count.sum() / (len(labels) * count.clamp(min=1.0))
    given = settings.class_weights
    wrong = sorted(set(given) ^ set(labels.names))
    if wrong:
        raise ConfigError(
            "recipe",
            [f"loss.class_weights must name each of {', '.join(labels.names)}; look at {', '.join(wrong)}"],
        )
    return torch.tensor([given[name] for name in labels.names])
