"""The network: a small residual network over chunks of a spectrogram, temporal attention, a linear head."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from affekt.layers.resnet_2d import SpectrogramResNet
from affekt.layers.temporal_attention import TemporalAttention

from .config import CompactVoiceConfig


class CompactVoiceOutput(NamedTuple):
    """Output of the network.

    Attributes:
        attention: Weight of each chunk; sums to 1.
        segment_logits: Logits of each chunk alone; `logits` is their mean, weighted by attention.
    """

    logits: Float[Tensor, "b k"]
    attention: Float[Tensor, "b s"]
    segment_logits: Float[Tensor, "b s k"]


class CompactVoice(nn.Module):
    """Emotion of an utterance."""

    def __init__(self, config: CompactVoiceConfig) -> None:
        super().__init__()
        self.chunks = config.chunks
        self.backbone = SpectrogramResNet(blocks=config.blocks, width=config.width)
        self.dropout = nn.Dropout(config.dropout)
        self.embed = nn.ModuleDict(
            {
                "linear": nn.Linear(self.backbone.channels, config.embed),
                "bn": nn.BatchNorm1d(config.embed),
            }
        )
        self.temporal = TemporalAttention(config.embed, config.chunks, normalised=True)
        self.head = nn.Linear(config.embed, config.num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, *, mel: Float[Tensor, "b n c"]) -> CompactVoiceOutput:
        embedding, attention = self._chunks(mel)
        segment_logits = self.head(embedding)
        logits = (segment_logits * attention.unsqueeze(2)).sum(dim=1)
        return CompactVoiceOutput(logits, attention, segment_logits)

    def vector(self, mel: Float[Tensor, "b n c"]) -> Float[Tensor, "b d"]:
        """What the head answers from: of the chunks, weighted by attention. The head is linear."""
        embedding, attention = self._chunks(mel)
        return (embedding * attention.unsqueeze(2)).sum(dim=1)

    @staticmethod
    def vector_width(config: CompactVoiceConfig) -> int:
        """Size of that vector."""
        return config.embed

    def _chunks(self, mel: Float[Tensor, "b n c"]) -> tuple[Float[Tensor, "b s d"], Float[Tensor, "b s"]]:
        """Vectors of the chunks, and their weights."""
        chunks = mel.unflatten(1, (self.chunks, -1))
        rows = self.dropout(self.backbone(chunks.flatten(0, 1)))
        embedding = torch.tanh(self.embed["bn"](self.embed["linear"](rows))).unflatten(0, chunks.shape[:2])
        return embedding, self.temporal(embedding)
