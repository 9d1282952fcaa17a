"""Attention-based modality shifting fusion (ASF): other modalities shift the vector of the main one."""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from affekt.layers.fusion.module import Fused, Fusion
from affekt.layers.fusion.projector import attend
from affekt.layers.fusion.settings import ShiftingSettings

_EPSILON = 1e-6  # of the reference, beside the length of the shift


class Shifted(NamedTuple):
    """Steps of the fusion.

    Attributes:
        others: Normalised vector of the other modalities.
        alpha: Scale of the shift.
        weights: Of the attention; None without attention.
    """

    vector: Float[Tensor, "b d"]
    others: Float[Tensor, "b e"]
    alpha: Float[Tensor, "b"]
    weights: Tensor | None


class ShiftingFusion(Fusion):
    """The shift is gated, and not longer than the vector it shifts.

    Source: Yun et al., TelME, NAACL 2024.
    """

    def __init__(self, settings: ShiftingSettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        self.settings = settings
        sizes = [width for name, width in widths.items() if name != settings.main]
        main, others = widths[settings.main], sum(sizes)
        token = sizes[0] if settings.attention == "token" else others
        self.attention = (
            None
            if settings.attention == "none"
            else nn.MultiheadAttention(token, settings.heads, batch_first=True)
        )
        self.others_norm = nn.LayerNorm(others)
        self.gate = nn.Linear(others + main, main)
        self.shift = nn.Linear(others, main)
        self.norm = nn.LayerNorm(main)
        self.dropout = nn.Dropout(settings.dropout)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        return Fused(self.dropout(self.shifted(parts).vector), {})

    def shifted(self, parts: dict[str, Tensor]) -> Shifted:
        """The fused vector before the last dropout, with the steps to it."""
        text = parts[self.settings.main]
        others = [part for name, part in parts.items() if name != self.settings.main]
        attended, weights = self._attend(others)
        normed = self.dropout(self.others_norm(attended + torch.cat(others, dim=1)))
        gate = torch.relu(self.gate(torch.cat([normed, text], dim=1)))
        shift = gate * self.shift(normed)
        length = torch.linalg.vector_norm(shift, dim=1)
        length = torch.where(length == 0, torch.ones_like(length), length)
        alpha = self.settings.beta * torch.linalg.vector_norm(text, dim=1) / (length + _EPSILON)
        alpha = alpha.clamp(max=1.0)
        return Shifted(self.norm(alpha.unsqueeze(1) * shift + text), normed, alpha, weights)

    def _attend(self, others: list[Tensor]) -> tuple[Float[Tensor, "b e"], Tensor | None]:
        """What attention adds to the other modalities."""
        if self.attention is None or self.settings.attention == "none":
            return torch.zeros_like(torch.cat(others, dim=1)), None
        if self.settings.attention == "token":
            tokens = torch.stack(others, dim=1)
            attended, weights = self.attention(tokens, tokens, tokens)
            return attended.flatten(1), weights
        return attend(self.attention, torch.cat(others, dim=1), self.settings.attention)
