"""How much each segment of a clip counts."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class TemporalAttention(nn.Module):
    """One weight a segment: scored by itself, then mixed with the scores of all others.

    Weights are at least 0 and, unless asked for, not normalised: all of a clip may be 0.

    Args:
        width: Features of a segment.
        segments: How many there are, always.
        even: Begin with the same weight for every segment, changed by its own score alone. The references
            begin with a random mixture of all scores, which short training on little data does not untangle.
        normalised: Make the weights of a clip sum to 1, by a softmax in place of the cut at 0.

    Source: VAANet (AAAI 2020); CTEN (CVPR 2023) has the same. Neither normalises.
    """

    def __init__(self, width: int, segments: int, *, even: bool = False, normalised: bool = False) -> None:
        super().__init__()
        self.normalised = normalised
        self.score = nn.Conv1d(width, 1, 1, bias=False)
        self.bn = nn.BatchNorm1d(1)
        self.mix = nn.Linear(segments, segments)
        if even:
            nn.init.eye_(self.mix.weight)
            nn.init.ones_(self.mix.bias)

    def forward(self, features: Float[Tensor, "b s d"]) -> Float[Tensor, "b s"]:
        score = torch.tanh(self.bn(self.score(features.transpose(1, 2)))).squeeze(1)
        mixed = self.mix(score)
        return torch.softmax(mixed, dim=1) if self.normalised else torch.relu(mixed)
