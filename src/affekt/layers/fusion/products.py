"""Fusions by products of vectors: the outer product, and its form of low rank."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool
from torch import Tensor, nn

from affekt.layers.fusion.module import Fused, Fusion
from affekt.layers.fusion.settings import LowRankSettings, TensorSettings


class TensorFusion(Fusion):
    """Outer product of all vectors, each extended by one learned constant, flattened."""

    def __init__(self, settings: TensorSettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths, placeholders=settings.missing == "placeholder")
        self.inward = nn.ModuleDict(
            {name: nn.Linear(width, settings.inner) for name, width in widths.items()}
            if settings.inner is not None
            else {}
        )
        self.constant = nn.Parameter(torch.ones(1))

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        product: Tensor | None = None
        for place, (name, part) in enumerate(parts.items()):
            inner = self.inward[name](part) if name in self.inward else part
            if not len(self.placeholders):  # parity: the constant stands for every value of a missing vector
                inner = torch.where(present[:, place, None], inner, self.constant)
            factor = torch.cat([inner, self.constant.expand(inner.shape[0], 1)], dim=1)
            product = factor if product is None else (product.unsqueeze(2) * factor.unsqueeze(1)).flatten(1)
        assert product is not None
        return Fused(product, {})


class LowRankFusion(Fusion):
    """Product over modalities of a projection for each rank, combined over the ranks."""

    def __init__(self, settings: LowRankSettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        scaled = settings.start == "scaled"
        self.factors = nn.ParameterDict(
            {
                name: nn.Parameter(
                    torch.randn(settings.rank, width, settings.width) * (width**-0.5 if scaled else 1.0)
                )
                for name, width in widths.items()
            }
        )
        self.combine = nn.Linear(settings.rank, 1)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        product = torch.ones((), device=present.device)
        for name, part in parts.items():
            product = product * torch.einsum("bd,rdo->bor", part, self.factors[name])
        return Fused(self.combine(product).squeeze(2), {})
