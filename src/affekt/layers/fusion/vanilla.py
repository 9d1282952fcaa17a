"""Fusions without interaction before a linear layer: a single modality, joined vectors, their mean."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool
from torch import Tensor

from affekt.layers.fusion.module import Fused, Fusion, joined
from affekt.layers.fusion.projector import Projector
from affekt.layers.fusion.settings import DeepSettings, MeanSettings, VanillaSettings


class SingleModality(Fusion):
    """The vector of the only modality."""

    def __init__(self, widths: Mapping[str, int]) -> None:
        super().__init__(widths, placeholders=False)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        return Fused(parts[self.names[0]], {})


class VanillaFusion(Fusion):
    """Projector of the joined vectors."""

    def __init__(self, settings: VanillaSettings | DeepSettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        self.projector = Projector(sum(widths.values()), settings.width, settings.depth)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        return Fused(self.projector(joined(parts)), {})


class MeanFusion(Fusion):
    """Projector of the mean vector."""

    def __init__(self, settings: MeanSettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths, placeholders=settings.missing == "placeholder")
        self.skips = settings.missing == "skip"
        self.projector = Projector(widths[self.names[0]], settings.width, settings.depth)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        stacked = torch.stack(list(parts.values()), dim=1)
        if not self.skips:
            return Fused(self.projector(stacked.mean(dim=1)), {})
        counted = present.sum(dim=1, keepdim=True).clamp(min=1)  # missing ones are zeros
        return Fused(self.projector(stacked.sum(dim=1) / counted), {})
