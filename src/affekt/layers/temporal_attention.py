"""How much each segment of a clip counts."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class TemporalAttention(nn.Module):
    """One weight a segment: scored by itself, then mixed with the scores of all others.

    Weights are at least 0 and not normalised; all of a clip may be 0.

    Args:
        width: Features of a segment.
        segments: How many there are, always.

    Source: VAANet (AAAI 2020); CTEN (CVPR 2023) has the same.
    """

    def __init__(self, width: int, segments: int) -> None:
        super().__init__()
        self.score = nn.Conv1d(width, 1, 1, bias=False)
        self.bn = nn.BatchNorm1d(1)
        self.mix = nn.Linear(segments, segments)

    def forward(self, features: Float[Tensor, "b s d"]) -> Float[Tensor, "b s"]:
        score = torch.tanh(self.bn(self.score(features.transpose(1, 2)))).squeeze(1)
        return torch.relu(self.mix(score))
