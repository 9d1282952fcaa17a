"""Disentanglement: what a modality says alone, and what it shares with the others (MDN)."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from affekt.layers.fusion.attention import CrossAttention
from affekt.layers.fusion.experts import sum_of
from affekt.layers.fusion.mixture import NoisyRouter
from affekt.layers.fusion.module import Fused, Fusion, joined
from affekt.layers.fusion.projector import AttentionProjector, Projector
from affekt.layers.fusion.settings import DisentangleSettings
from affekt.layers.fusion.simsiam import SimSiam
from affekt.layers.fusion.widths import disentangle_heads

_RECONSTRUCTION_DEPTH = 4


class Disentangled(NamedTuple):
    """Routed parts, and the shared part of each modality."""

    private: Float[Tensor, "b p"]
    shared: Float[Tensor, "b s"]
    private_weights: Float[Tensor, "b m"]
    shared_weights: Float[Tensor, "b m"]
    shared_parts: dict[str, Float[Tensor, "b s"]]


class DisentangleFusion(Fusion):
    """Private and shared parts of each modality, weighted by routers, and attention between the two.

    Symbols of the description: P private part, S shared part, X what the other modalities say of one, c the
    joined inputs without gradient. Samples that lack a modality take no part in the auxiliary terms.
    """

    def __init__(self, settings: DisentangleSettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        self.settings = settings
        count, width = len(widths), next(iter(widths.values()))
        private, shared = settings.private, settings.shared * (count - 1)
        own, common, cross = disentangle_heads(count)
        axis = settings.attention
        self.private = nn.ModuleDict(
            {name: AttentionProjector(width, private, depth=2, heads=own, axis=axis) for name in widths}
        )
        self.shared = AttentionProjector(width, shared, depth=2 * count, heads=common, axis=axis)
        self.private_router = NoisyRouter(count * width, count)
        self.shared_router = NoisyRouter(count * width, count)
        self.attention = CrossAttention({"shared": shared, "private": private}, settings.cross_heads)
        self.cross = nn.ModuleDict(
            {
                name: AttentionProjector(
                    width, settings.shared, depth=2 ** (count - 1), heads=cross, axis=axis
                )
                for name in widths
            }
        )
        self.reconstruction = nn.ModuleDict(
            {name: Projector(shared, width, _RECONSTRUCTION_DEPTH) for name in widths}
        )
        self.similarity = SimSiam(shared + private, count * width)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        found = self.disentangle(parts)
        vector = self.attention({"shared": found.shared, "private": found.private})
        if not self.training:
            return Fused(vector, {})
        likeness, rebuilt = self.cross_terms(parts, found)
        rebuilt = rebuilt + self.settings.similarity * self.similarity(vector, joined(parts).detach())
        counted = present.all(dim=1).to(vector.dtype) * self.settings.weight
        return Fused(vector, {"disentangle": likeness * counted, "reconstruction": rebuilt * counted})

    def disentangle(self, parts: dict[str, Tensor]) -> Disentangled:
        """Both routed parts."""
        seen = joined(parts).detach()
        private_weights, shared_weights = self.private_router(seen), self.shared_router(seen)
        shared = {name: self.shared(part) for name, part in parts.items()}
        return Disentangled(
            sum_of([self.private[name](part) for name, part in parts.items()], private_weights),
            sum_of(list(shared.values()), shared_weights),
            private_weights,
            shared_weights,
            shared,
        )

    def cross_terms(
        self, parts: dict[str, Tensor], found: Disentangled
    ) -> tuple[Float[Tensor, "b"], Float[Tensor, "b"]]:
        """How far the shared parts are from X, and the inputs from what X rebuilds; sums over modalities."""
        likeness: list[Tensor] = []
        rebuilt: list[Tensor] = []
        for name, part in parts.items():
            said = torch.cat([self.cross[name](other) for key, other in parts.items() if key != name], dim=1)
            likeness.append(_distance(found.shared_parts[name], said.detach()))
            rebuilt.append(_distance(self.reconstruction[name](said), part.detach()))
        return torch.stack(likeness).sum(dim=0), torch.stack(rebuilt).sum(dim=0)


def _distance(ours: Float[Tensor, "b d"], target: Float[Tensor, "b d"]) -> Float[Tensor, "b"]:
    """Smooth absolute difference, mean over the values of each row."""
    return F.smooth_l1_loss(ours, target, reduction="none").mean(dim=1)
