"""Fusions by attention between modalities."""

from collections.abc import Mapping

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from affekt.layers.fusion.module import Fused, Fusion, joined
from affekt.layers.fusion.projector import as_tokens, attend
from affekt.layers.fusion.settings import Axis, CrossAttentionSettings, SelfAttentionSettings


class SelfAttentionFusion(Fusion):
    """Modalities as tokens that attend to each other; missing ones are skipped."""

    def __init__(self, settings: SelfAttentionSettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths, placeholders=False)
        self.inward = nn.ModuleDict(
            {name: nn.Linear(width, settings.inner) for name, width in widths.items()}
        )
        self.attention = nn.MultiheadAttention(settings.inner, settings.heads, batch_first=True)
        self.output = nn.Linear(settings.inner, settings.width)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        tokens = as_tokens(self.inward, parts)
        # A sample without any modality attends to all tokens: a softmax over nothing is not a number.
        is_token = present | ~present.any(dim=1, keepdim=True)
        attended, _ = self.attention(tokens, tokens, tokens, key_padding_mask=~is_token)
        weight = is_token.unsqueeze(2).to(tokens.dtype)
        mean = (attended * weight).sum(dim=1) / weight.sum(dim=1)
        return Fused(self.output(mean), {})


class JoinedAttentionFusion(Fusion):
    """The joined vectors as one token, attention and a linear layer, without shortcut, as published."""

    def __init__(self, settings: SelfAttentionSettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        assert settings.axis != "modality"
        self.axis: Axis = settings.axis
        total = sum(widths.values())
        self.attention = nn.MultiheadAttention(total, settings.heads, batch_first=True)
        self.output = nn.Linear(total, settings.width)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        attended, _ = attend(self.attention, joined(parts), self.axis)
        return Fused(self.output(attended), {})


class CrossAttentionFusion(Fusion):
    """Each modality attends to the others; the results are joined."""

    def __init__(self, settings: CrossAttentionSettings, widths: Mapping[str, int]) -> None:
        super().__init__(widths)
        self.attention = CrossAttention(widths, settings.heads)

    def fuse(self, parts: dict[str, Tensor], present: Bool[Tensor, "b m"]) -> Fused:
        return Fused(self.attention(parts), {})


class CrossAttention(nn.Module):
    """Each vector is a query to the others, which are projected to its width; results are joined.

    The reference names this layer without stating it; the form is that of this implementation.
    """

    def __init__(self, widths: Mapping[str, int], heads: int) -> None:
        super().__init__()
        self.attention = nn.ModuleDict(
            {name: nn.MultiheadAttention(width, heads, batch_first=True) for name, width in widths.items()}
        )
        self.inward = nn.ModuleDict(
            {
                name: nn.ModuleDict(
                    {other: nn.Linear(size, width) for other, size in widths.items() if other != name}
                )
                for name, width in widths.items()
            }
        )

    def forward(self, parts: dict[str, Float[Tensor, "b _"]]) -> Float[Tensor, "b o"]:
        results: list[Tensor] = []
        for name, part in parts.items():
            projections = self.inward[name]
            assert isinstance(projections, nn.ModuleDict)
            others = as_tokens(projections, {key: value for key, value in parts.items() if key != name})
            attended, _ = self.attention[name](part.unsqueeze(1), others, others)
            results.append(attended.squeeze(1))
        return torch.cat(results, dim=1)
