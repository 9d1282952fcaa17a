"""What exists only in training: contrast with prototypes, curriculum, and the classifier's loss."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from affekt.core.errors import ConfigError, DataError
from affekt.layers.contrast.curriculum import Curriculum
from affekt.layers.contrast.make import make_contrast
from affekt.layers.contrast.prototypes import class_means
from affekt.layers.cross_entropy import Criterion
from affekt.layers.decision.settings import DecisionSettings, NoContrast
from affekt.layers.losses import focal_cross_entropy

_GAMMA = 2.0  # of the focal loss, as in its paper


class _Seen(NamedTuple):
    """All training samples that could be read; vectors of width 0 where the network was not called."""

    embedding: Float[Tensor, "n d"]
    label: Tensor
    number: Tensor


class DecisionObjective(nn.Module):
    """The classifier's loss and a contrastive loss; all state lies in buffers.

    The network's output has `embedding`, which the contrastive loss and prototypes see, and `class_logits`;
    the network has the buffers `prototypes` and `has_prototype`.

    Args:
        criterion: The task's classification loss, with the recipe's class weights and smoothing.
        inputs: Names of the batch entries that are passed to the network.
    """

    def __init__(self, config: DecisionSettings, criterion: Criterion, *, inputs: tuple[str, ...]) -> None:
        super().__init__()
        self.config, self.criterion, self.inputs = config, criterion, inputs
        settings = config.losses.contrast
        self.contrast = (
            None
            if isinstance(settings, NoContrast)
            else make_contrast(settings, config.num_classes, config.width)
        )
        self.curriculum = Curriculum(config.curriculum)
        if problems := config.problems_with(has_several=criterion.has_several):
            raise ConfigError("recipe", problems)

    def forward(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        return self.terms(self.call(model, batch), batch)

    def call(self, network: nn.Module, batch: dict[str, Any]) -> Any:
        """The output of the network for a batch."""
        return network(**{name: batch[name] for name in self.inputs})

    def terms(self, output: Any, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        """Terms of the decision by name."""
        terms: dict[str, Tensor] = {}
        if self.config.losses.classification.weight:
            terms[self.config.losses.classification.kind] = self._classification(output, batch["label"])
        if self.contrast is not None:
            terms[self.config.losses.contrast.kind] = self.contrast(output.embedding, batch["label"])
        return terms

    def before_epoch(
        self, epoch: int, network: nn.Module, batches: Iterator[dict[str, Any]], *, epochs: int
    ) -> np.ndarray | None:
        """Empty the pools down to the class means, and choose the samples of the epoch."""
        needs_centers = self.contrast is not None and self.contrast.needs_centers
        if not needs_centers and self.config.curriculum.order == "off":
            return None
        if self.contrast is not None and needs_centers:
            seen = self._seen(network, batches)
            self.contrast.begin_epoch(*class_means(seen.embedding, seen.label, self.config.num_classes))
        else:
            seen = self._seen(network if self.curriculum.needs_features else None, batches)
        if self.config.curriculum.order == "off":
            return None
        chosen = self.curriculum.choose(
            seen.label, seen.embedding, classes=self.config.num_classes, epoch=epoch, epochs=epochs
        )
        return seen.number[chosen].cpu().numpy()

    def before_validation(self, model: Any, network: nn.Module, batches: Iterator[dict[str, Any]]) -> None:
        """The mean vector of each class over the training samples becomes its prototype."""
        if self.config.decision != "prototype":
            return
        seen = self._seen(network, batches)
        means, is_there = class_means(seen.embedding, seen.label, self.config.num_classes)
        model.prototypes.copy_(means)
        model.has_prototype.copy_(is_there)

    def _classification(self, output: Any, target: Tensor) -> Tensor:
        settings = self.config.losses.classification
        if settings.kind == "cross_entropy":
            return settings.weight * self.criterion(output.class_logits, target)
        loss = focal_cross_entropy(
            output.class_logits,
            target,
            weight=self.criterion.weight,
            smoothing=self.criterion.smoothing,
            reduction="mean",
            gamma=settings.gamma or _GAMMA,
        )
        return settings.weight * loss

    def _seen(self, network: nn.Module | None, batches: Iterator[dict[str, Any]]) -> _Seen:
        """What the network says of all samples; their labels alone without a network."""
        rows: list[tuple[Tensor, Tensor, Tensor]] = []
        for batch in batches:
            if network is None:
                embedding = torch.zeros(len(batch["number"]), 0, device=batch["number"].device)
            else:
                embedding = self.call(network, batch).embedding.float()
            rows.append((embedding, batch["label"], batch["number"]))
        if not rows:
            raise DataError("none of the training samples could be read: the reasons are above")
        return _Seen(*(torch.cat(part) for part in zip(*rows, strict=True)))
