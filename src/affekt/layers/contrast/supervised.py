"""Supervised contrastive loss of the samples of a batch."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from affekt.layers.contrast.module import Contrast
from affekt.layers.contrast.settings import SupervisedSettings
from affekt.layers.contrast.similarity import cosine


class SupervisedContrast(Contrast):
    """l_i = -mean over positives j of log(exp(s_ij / t) / sum over j != i of exp(s_ij / t)), s the cosine.

    Samples without a positive in the batch are no anchors; the loss is the mean over the others, or 0.

    Source: Khosla et al., NeurIPS 2020, equation 2.
    """

    def __init__(self, settings: SupervisedSettings, classes: int, width: int) -> None:
        super().__init__(classes, width, settings.weight)
        self.settings = settings

    def loss(self, features: Float[Tensor, "n d"], labels: Int[Tensor, "n"]) -> Float[Tensor, ""]:
        is_self = torch.eye(len(features), dtype=torch.bool, device=features.device)
        positive = (labels[:, None] == labels[None]) & ~is_self
        is_anchor = positive.any(dim=1)
        if not is_anchor.any():
            return (features * 0).sum()
        scores = (cosine(features, features) / self.settings.temperature)[is_anchor]
        others = torch.logsumexp(scores.masked_fill(is_self[is_anchor], -torch.inf), dim=1, keepdim=True)
        share = torch.where(positive[is_anchor], scores - others, torch.zeros_like(scores))
        return -(share.sum(dim=1) / positive[is_anchor].sum(dim=1)).mean()
