"""Mixtures of linear experts on one vector, and the noisy router."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from affekt.layers.fusion.module import Fused, Fusion, joined
from affekt.layers.fusion.settings import DenseMoESettings, SparseMoESettings


class NoisyRouter(nn.Module):
    """Shares of experts: softmax of ratings, to which noise of learned size is added in training."""

    def __init__(self, width: int, experts: int) -> None:
        super().__init__()
        self.rating = nn.Linear(width, experts, bias=False)
        self.noise = nn.Linear(width, experts, bias=False)

    def forward(self, vector: Float[Tensor, "b d"]) -> Float[Tensor, "b e"]:
        ratings = self.rating(vector)
        if self.training:
            ratings = ratings + torch.randn_like(ratings) * nn.functional.softplus(self.noise(vector))
        return ratings.softmax(dim=1)


class Routing(NamedTuple):
    """Which experts answer.

    Attributes:
        weights: Their shares, which add up to 1.
        selected: Their numbers, the largest share first where only some of them answer.
    """

    weights: Float[Tensor, "b e"]
    selected: Int[Tensor, "b e"]


class LinearMixture(nn.Module):
    """Linear experts on a vector; all of them, or the `top` best rated ones of each row, answer.

    Every expert is computed for every row, so that no row depends on how many others chose its experts.
    """

    def __init__(self, before: int, after: int, experts: int, top: int | None = None) -> None:
        super().__init__()
        self.experts = nn.ModuleList(nn.Linear(before, after) for _ in range(experts))
        self.router = NoisyRouter(before, experts)
        self.top = experts if top is None else top

    def forward(self, vector: Float[Tensor, "b d"]) -> Float[Tensor, "b o"]:
        routing = self.route(vector)
        answers = torch.stack([expert(vector) for expert in self.experts], dim=1)
        if self.top < len(self.experts):
            places = routing.selected.unsqueeze(2).expand(-1, -1, answers.shape[2])
            answers = answers.gather(1, places)
        return (routing.weights.unsqueeze(2) * answers).sum(dim=1)

    def route(self, vector: Float[Tensor, "b d"]) -> Routing:
        """Experts of each row and their shares."""
        shares = self.router(vector)
        if self.top == len(self.experts):
            return Routing(shares, torch.arange(self.top, device=shares.device).expand(shares.shape[0], -1))
        kept, selected = shares.topk(self.top, dim=1)
        return Routing(kept / kept.sum(dim=1, keepdim=True), selected)


class MixtureFusion(Fusion):
    """A mixture of linear experts on the joined vectors."""

    def __init__(self, settings: DenseMoESettings | SparseMoESettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        top = settings.top if isinstance(settings, SparseMoESettings) else None
        self.mixture = LinearMixture(sum(widths.values()), settings.width, settings.experts, top)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        return Fused(self.mixture(joined(parts)), {})
