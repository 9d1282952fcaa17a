"""The training objective: cross-entropy of each stream, and regression of the affective features."""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from .config import BPMGCNConfig


class BPMGCNObjective(nn.Module):
    """Sum of the streams' classification losses and the mean squared error of the affective features.

    Args:
        criterion: Classification loss of (logits, target), with class weights and smoothing.
    """

    def __init__(self, config: BPMGCNConfig, criterion: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.affective = config.affective
        self.reference_multi_label = config.multi_label_loss == "reference"
        self.criterion = criterion

    def forward(self, model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Float[Tensor, ""]]:
        output = model(skeleton=batch["skeleton"], movement=batch["movement"])
        terms = {
            "posture": self.classification(output.logits_posture, batch["label"]),
            "movement": self.classification(output.logits_movement, batch["label"]),
        }
        if self.affective:
            terms["affective"] = F.mse_loss(output.affective, batch["affective"])
        return terms

    def classification(self, logits: Float[Tensor, "b k"], target: Tensor) -> Float[Tensor, ""]:
        """Loss of one stream."""
        if target.is_floating_point() and self.reference_multi_label:
            # parity: for several labels the reference applies softmax cross-entropy to sigmoid outputs.
            return F.cross_entropy(torch.sigmoid(logits), target)
        return self.criterion(logits, target)
