"""The network: a table of embeddings in 8 bits, convolutions, attention and maximum, a linear head."""

from copy import deepcopy
from itertools import pairwise
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from .config import CompactTextConfig
from .pretrained import read_embeddings

PADDING = 0
_LEAST = -1e4  # score of padding; below all others


class CompactTextOutput(NamedTuple):
    """Output of the network.

    Attributes:
        embedding: Mean of the line, weighted by attention, and its maximum.
    """

    logits: Float[Tensor, "b k"]
    embedding: Float[Tensor, "b d"]


class CompactText(nn.Module):
    """Emotion of one line."""

    def __init__(self, config: CompactTextConfig) -> None:
        super().__init__()
        self.config = config
        self.words: ByteTable | StoredTable = ByteTable(config.pieces, config.width)
        sizes = [config.width, *[config.channels] * config.layers]
        self.layers = nn.ModuleList(Layer(*pair) for pair in pairwise(sizes))
        self.attention = nn.Linear(config.channels, config.heads)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(2 * config.channels, config.num_classes)

    def forward(self, *, text: Int[Tensor, "b l"]) -> CompactTextOutput:
        is_token = (text != PADDING).unsqueeze(2)
        line = self.dropout(self.words(text)) * is_token
        for layer in self.layers:
            line = self.dropout(layer(line, is_token))
        weights = self.attention(line).masked_fill(~is_token, _LEAST).softmax(dim=1)
        weights = weights.repeat_interleave(self.config.channels // self.config.heads, dim=2)
        highest = line.masked_fill(~is_token, _LEAST).amax(dim=1)
        embedding = torch.cat([(weights * line).sum(dim=1), highest], dim=1)
        return CompactTextOutput(self.head(self.dropout(embedding)), embedding)

    def load_pretrained(self) -> set[str]:
        """Take the embeddings of the source, if there is one; returns the names of the tensors.

        Raises:
            FolderError: It has no embeddings, or too few.
        """
        if not self.config.source:
            return set()
        table = self.words
        assert isinstance(table, ByteTable)
        with torch.no_grad():
            table.weight.copy_(read_embeddings(self.config.source, self.config.pieces, self.config.width))
        return {"words.weight"}

    def for_export(self) -> "CompactText":
        """The same network, whose table is stored in 8 bits."""
        network, table = deepcopy(self), self.words
        assert isinstance(table, ByteTable)
        network.words = table.stored()
        return network


class Layer(nn.Module):
    """A convolution over three positions, with a shortcut; padding has no influence."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(before, after, 3, padding=1)
        self.norm = nn.LayerNorm(after)
        self.shortcut = nn.Identity() if before == after else nn.Linear(before, after)

    def forward(self, line: Float[Tensor, "b l c"], is_token: Tensor) -> Float[Tensor, "b l d"]:
        around = self.convolution((line * is_token).transpose(1, 2)).transpose(1, 2)
        return self.shortcut(line) + torch.relu(self.norm(around))


class ByteTable(nn.Module):
    """Embeddings that are rounded to 8 bits, each row by its own scale.

    They are rounded in training as well, and the gradient ignores it, so that the rest of the network knows
    the rounded values, and storing them in 8 bits changes no answer.
    """

    def __init__(self, rows: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(rows, width))

    def forward(self, ids: Int[Tensor, "b l"]) -> Float[Tensor, "b l d"]:
        rows = nn.functional.embedding(ids, self.weight)
        codes, scale = _codes(rows.detach())
        return rows + (codes * scale - rows.detach())

    def stored(self) -> "StoredTable":
        """The rounded values, in 8 bits."""
        codes, scale = _codes(self.weight.detach())
        return StoredTable(codes.to(torch.int8), scale)


class StoredTable(nn.Module):
    """Embeddings as 8-bit numbers and a scale for each row."""

    codes: Int[Tensor, "v d"]
    scales: Float[Tensor, "v 1"]

    def __init__(self, codes: Int[Tensor, "v d"], scales: Float[Tensor, "v 1"]) -> None:
        super().__init__()
        self.register_buffer("codes", codes)
        self.register_buffer("scales", scales)

    def forward(self, ids: Int[Tensor, "b l"]) -> Float[Tensor, "b l d"]:
        return self.codes[ids].float() * self.scales[ids]


def _codes(rows: Float[Tensor, "*n d"]) -> tuple[Float[Tensor, "*n d"], Float[Tensor, "*n 1"]]:
    """Whole numbers from -127 to 127, and the scale of each row."""
    scale = rows.abs().amax(dim=-1, keepdim=True).clamp(min=1e-8) / 127
    return (rows / scale).round(), scale
