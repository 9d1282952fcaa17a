"""Blocks of the network."""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from .config import CHFENConfig

_NO_FACE = 1e-6  # parity: what the reference counts where there is no face


def attention(config: CHFENConfig) -> nn.MultiheadAttention:
    """Multi-head attention without dropout, batch first."""
    return nn.MultiheadAttention(config.dim, config.heads, batch_first=True)


def sinusoid(rows: int, width: int) -> Float[Tensor, "r d"]:
    """Encoding of positions: sine in even channels and cosine in odd ones, each pair with one frequency."""
    rate = torch.exp(-math.log(10000) * torch.arange(0, width, 2) / width)
    angles = torch.arange(rows).unsqueeze(1) * rate
    return torch.stack([angles.sin(), angles.cos()], dim=2).reshape(rows, -1)[:, :width]


class FrameFusion(nn.Module):
    """Joins the scene and the faces of each frame."""

    def __init__(self, config: CHFENConfig) -> None:
        super().__init__()
        self.attention = attention(config)
        self.masks = config.padding == "masked"
        self.most = config.most_faces
        self.counts = (
            nn.Embedding(config.most_faces + 1, config.dim) if config.frame_fusion == "scene_query" else None
        )

    def forward(
        self,
        scenes: Float[Tensor, "b t d"],
        faces: Float[Tensor, "b t d"],
        count: Int[Tensor, "b t"],
        real: Bool[Tensor, "b t"],
    ) -> Float[Tensor, "b t d"]:
        return (
            self._by_count(scenes, faces, count, real)
            if self.counts is None
            else self._by_scene(self.counts, scenes, faces, count)
        )

    def _by_scene(self, counts: nn.Embedding, scenes: Tensor, faces: Tensor, count: Tensor) -> Tensor:
        """Each scene, with the number of its faces, asks itself and its faces."""
        b, t, d = scenes.shape
        query = (scenes + counts(count.clamp(0, self.most))).reshape(b * t, 1, d)
        both = torch.stack([scenes, faces], dim=2).reshape(b * t, 2, d)
        without = (count <= 0).reshape(b * t)
        hidden = torch.stack([torch.zeros_like(without), without], dim=1)
        fused, _ = self.attention(query, both, both, key_padding_mask=hidden, need_weights=False)
        return scenes + fused.reshape(b, t, d)

    def _by_count(self, scenes: Tensor, faces: Tensor, count: Tensor, real: Tensor) -> Tensor:
        """The number of faces, in all channels alike, asks the scenes of all frames for their faces."""
        number = count.to(scenes.dtype)
        number = torch.where(count == 0, torch.full_like(number, _NO_FACE), number) * real
        query = number.unsqueeze(2).expand_as(scenes)
        hidden = ~real if self.masks else None
        return self.attention(query, scenes, faces, key_padding_mask=hidden, need_weights=False)[0]


class Block(nn.Module):
    """Attention between all tokens and a linear layer with ReLU."""

    def __init__(self, config: CHFENConfig) -> None:
        super().__init__()
        self.attention = attention(config)
        self.linear = nn.Linear(config.dim, config.dim)
        self.dropout = nn.Dropout(config.dropout)
        is_normed = config.blocks == "pre_norm"
        self.norms = nn.ModuleList(nn.LayerNorm(config.dim) for _ in range(2)) if is_normed else None

    def forward(self, tokens: Float[Tensor, "b n d"], bias: Float[Tensor, "b n"]) -> Float[Tensor, "b n d"]:
        if self.norms is None:
            return F.relu(self.linear(self._attended(tokens, bias)))
        tokens = tokens + self.dropout(self._attended(self.norms[0](tokens), bias))
        return tokens + self.dropout(F.relu(self.linear(self.norms[1](tokens))))

    def _attended(self, tokens: Tensor, bias: Tensor) -> Tensor:
        return self.attention(tokens, tokens, tokens, key_padding_mask=bias, need_weights=False)[0]


class GatedLayer(nn.Module):
    """Scales each value of a vector by a gate that the whole vector sets."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "*b d"]) -> Float[Tensor, "*b d"]:
        return self.linear(x).sigmoid() * x


class GatedFusion(nn.Module):
    """Weighs two vectors by one gate; returns the sum and the gate (b, 1) of the first one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.linear = nn.Linear(2 * width, 1)

    def forward(
        self, one: Float[Tensor, "b d"], other: Float[Tensor, "b d"]
    ) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b 1"]]:
        gate = self.linear(torch.cat([one, other], dim=1)).sigmoid()
        return gate * one + (1 - gate) * other, gate
