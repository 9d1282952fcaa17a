"""Fusions as mixtures whose experts differ: one for each modality, or whole fusions."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from affekt.layers.fusion.module import Fused, Fusion, joined
from affekt.layers.fusion.settings import ConcatMoESettings, MultiHeadMoESettings
from affekt.layers.fusion.widths import fused_width


class ConcatMoEFusion(Fusion):
    """A linear expert for each modality and one for all of them, weighted by what all vectors say."""

    def __init__(self, settings: ConcatMoESettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        self.settings = settings
        total = sum(widths.values())
        self.router = nn.Linear(total, len(widths) + 1)
        self.experts = nn.ModuleList(nn.Linear(size, settings.width) for size in (*widths.values(), total))
        if not settings.joint_expert:
            self.experts[-1].requires_grad_(False)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        weights = self.route(parts)
        names = sorted(parts) if self.settings.order == "sorted" else list(parts)  # parity: sorted
        inputs = [parts[name] for name in names]
        if self.settings.joint_expert:  # parity: the reference leaves its share unused
            inputs.append(joined(parts))
        answers = [expert(part) for expert, part in zip(self.experts, inputs, strict=False)]
        return Fused(sum_of(answers, weights[:, : len(answers)]), {})

    def route(self, parts: dict[str, Tensor]) -> Float[Tensor, "b e"]:
        """Share of each expert."""
        return self.router(joined(parts)).softmax(dim=1)


class MultiHeadMoEFusion(Fusion):
    """Whole fusions as experts, which replace missing modalities themselves."""

    def __init__(
        self,
        settings: MultiHeadMoESettings,
        widths: Mapping[str, int],
        make: Callable[[Any, Mapping[str, int]], Fusion],
    ) -> None:
        super().__init__(widths, placeholders=False)
        count = len(settings.experts)
        self.router = nn.ModuleDict({name: nn.Linear(width, count) for name, width in widths.items()})
        self.experts = nn.ModuleList(make(one, widths) for one in settings.experts)
        self.outward = nn.ModuleList(
            nn.Linear(fused_width(one, widths), settings.width) for one in settings.experts
        )

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        answers: list[Tensor] = []
        terms: dict[str, Tensor] = {}
        for expert, outward in zip(self.experts, self.outward, strict=True):
            found: Fused = expert(parts, present)
            answers.append(outward(found.vector))
            for name, value in found.terms.items():
                terms[name] = terms[name] + value if name in terms else value
        return Fused(sum_of(answers, self.route(parts, present)), terms)

    def route(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Float[Tensor, "b e"]:
        """Share of each expert, by the modalities that are present."""
        ratings = [self.router[name](part) for name, part in parts.items()]
        return (torch.stack(ratings, dim=1) * present.unsqueeze(2)).sum(dim=1).softmax(dim=1)


def sum_of(answers: list[Float[Tensor, "b o"]], weights: Float[Tensor, "b e"]) -> Float[Tensor, "b o"]:
    """Weighted sum of the experts' answers."""
    return (weights.unsqueeze(2) * torch.stack(answers, dim=1)).sum(dim=1)
