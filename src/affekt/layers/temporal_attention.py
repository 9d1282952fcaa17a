"""Weights of the segments of a clip."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class TemporalAttention(nn.Module):
    """One weight a segment: a score from its own features, then a linear layer over the scores of all.

    Weights are at least 0. By default they are not normalised: all weights of a clip may be 0.

    Args:
        width: Features of a segment.
        segments: Number of segments of a clip.
        even: Initial weights depend on the segment's own score only, around the same value for all. The
            references start from a random mixture of all scores, from which short training on little data
            does not recover.
        normalised: Weights of a clip sum to 1: softmax instead of ReLU.

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
