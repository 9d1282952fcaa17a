"""Projectors of vectors: layers with GELU, and attention before them."""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from affekt.layers.fusion.settings import Axis

_DROPOUT = 0.1  # of the reference


class Projector(nn.Module):
    """A linear layer, then `depth - 1` times exact GELU and a linear layer."""

    def __init__(self, before: int, after: int, depth: int = 1) -> None:
        super().__init__()
        further = [layer for _ in range(depth - 1) for layer in (nn.GELU(), nn.Linear(after, after))]
        self.layers = nn.Sequential(nn.Linear(before, after), *further)

    def forward(self, vector: Float[Tensor, "b d"]) -> Float[Tensor, "b o"]:
        return self.layers(vector)


class AttentionProjector(nn.Module):
    """Self-attention with a shortcut and a norm, then a projector."""

    def __init__(self, before: int, after: int, *, depth: int, heads: int, axis: Axis) -> None:
        super().__init__()
        self.axis: Axis = axis
        self.attention = nn.MultiheadAttention(before, heads, batch_first=True)
        self.norm = nn.LayerNorm(before)
        self.dropout = nn.Dropout(_DROPOUT)
        self.projector = Projector(before, after, depth)

    def forward(self, vector: Float[Tensor, "b d"]) -> Float[Tensor, "b o"]:
        attended, _ = attend(self.attention, vector, self.axis)
        return self.projector(self.dropout(self.norm(attended + vector)))


def attend(
    attention: nn.MultiheadAttention, vector: Float[Tensor, "b d"], axis: Axis
) -> tuple[Float[Tensor, "b d"], Tensor]:
    """Attention of vectors without an axis of tokens, and its weights (1, b, b) or (b, 1, 1)."""
    if axis == "batch":  # parity: in the reference the samples of a batch attend to each other
        tokens = vector.unsqueeze(0)
        attended, weights = attention(tokens, tokens, tokens)
        return attended.squeeze(0), weights
    tokens = vector.unsqueeze(1)
    attended, weights = attention(tokens, tokens, tokens)
    return attended.squeeze(1), weights


def as_tokens(projections: nn.ModuleDict, parts: dict[str, Float[Tensor, "b _"]]) -> Float[Tensor, "b m d"]:
    """Each modality as a token of one width."""
    return torch.stack([projections[name](part) for name, part in parts.items()], dim=1)
