"""The loss of the task with the recipe's settings, as the engine passes it to a method's objective."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import Tensor, nn

from affekt.core.errors import ConfigError
from affekt.core.labels import LabelSet
from affekt.core.recipe import LossSettings
from affekt.core.task import Task
from affekt.layers.losses import Reduction


class WeightedLoss(nn.Module):
    """The task's loss with the recipe's smoothing and class weights.

    Attributes:
        has_several: Whether a sample can have several labels at once.
        heads: Losses of the network's further heads by name, without smoothing and class weights.
    """

    weight: Tensor | None

    def __init__(self, settings: LossSettings, task: Task, weight: Tensor | None, labels: LabelSet) -> None:
        super().__init__()
        self.smoothing, self.labels, self.has_several = settings.label_smoothing, labels, task.has_several
        module, _, name = task.loss_of(settings.name).partition(":")
        self._loss: Any = getattr(importlib.import_module(module), name)
        self.register_buffer("weight", weight, persistent=False)
        self.heads = nn.ModuleDict(
            {head.name: WeightedLoss(LossSettings(), head.task, None, head.labels) for head in task.further}
        )

    def forward(self, logits: Tensor, target: Tensor, *, reduction: Reduction = "mean") -> Tensor:
        """The reduced loss, or the loss of each item (b,)."""
        return self._loss(logits, target, weight=self.weight, smoothing=self.smoothing, reduction=reduction)


def class_weights(settings: LossSettings, targets: Tensor, labels: LabelSet) -> Tensor | None:
    """Weights of the classes: none, those of the recipe, or inverse to their counts (mean 1 over samples).

    Raises:
        ConfigError: The recipe gives a weight for an unknown class, or lacks the weight of a class.
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
            [f"loss.class_weights must name each of {', '.join(labels.names)}; wrong: {', '.join(wrong)}"],
        )
    return torch.tensor([given[name] for name in labels.names])
