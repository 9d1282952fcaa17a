"""The network: three visual attentions over snippets, one over sound, both answers side by side."""

from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from affekt.layers.resnet_2d import SpectrogramResNet
from affekt.layers.resnet_3d import SnippetResNet, cells_of
from affekt.layers.temporal_attention import TemporalAttention

from .config import AudioConfig, VAANetConfig, VisualConfig


class VAANetOutput(NamedTuple):
    """The answer, and what it looked at.

    Attributes:
        attention: Gamma of the paper, the weight of each segment; of each chunk of sound if nothing is seen.
        segment_logits: What the answer would be if the whole clip were like each segment; their mean is
            `logits`.
    """

    logits: Float[Tensor, "b k"]
    attention: Float[Tensor, "b s"]
    segment_logits: Float[Tensor, "b s k"]


class SeenVAANetOutput(NamedTuple):
    """The answer to something that was seen: also where in the picture, and by which features.

    Attributes:
        alpha: Spatial attention over the cells of each segment's picture; sums to their number.
        beta: Channel attention over the features of each segment; sums to their number.
    """

    logits: Float[Tensor, "b k"]
    attention: Float[Tensor, "b s"]
    segment_logits: Float[Tensor, "b s k"]
    alpha: Float[Tensor, "b s cells"]
    beta: Float[Tensor, "b s d"]


class VAANet(nn.Module):
    """Visual and audio attention over the segments of a video, or either alone.

    Symbols, as in the paper: alpha spatial, beta channel, gamma temporal attention.
    """

    cached: ClassVar[tuple[str, ...]] = ("clips",)

    def __init__(self, config: VAANetConfig) -> None:
        super().__init__()
        sees, hears = config.streams != "audio", config.streams != "video"
        self.backbone = (
            SnippetResNet(
                blocks=config.visual.blocks,
                width=config.visual.width,
                frozen=config.freeze_backbone,
                drift=config.drift_statistics,
            )
            if sees
            else None
        )
        self.visual = VisualAttention(config.visual, even=config.even_attention) if sees else None
        self.audio = AudioAttention(config.audio, even=config.even_attention) if hears else None
        width = sees * config.visual.embed + hears * config.audio.embed
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(width, config.num_classes)

    def forward(
        self,
        *,
        clips: Float[Tensor, "b s 3 t h w"] | None = None,
        mfcc: Float[Tensor, "b n c"] | None = None,
    ) -> VAANetOutput | SeenVAANetOutput:
        return self.from_features(clips=None if clips is None else self.features(clips), mfcc=mfcc)

    def features(self, clips: Float[Tensor, "b s 3 t h w"]) -> Float[Tensor, "b s d cells"]:
        """What the backbone sees in each cell of each segment."""
        assert self.backbone is not None, "a network that only hears has no backbone"
        return self.backbone(clips).flatten(3)

    def from_features(
        self,
        *,
        clips: Float[Tensor, "b s d cells"] | None = None,
        mfcc: Float[Tensor, "b n c"] | None = None,
    ) -> VAANetOutput | SeenVAANetOutput:
        """The answer to what the backbone has seen already; `clips` are its features."""
        if self.visual is None:
            assert self.audio is not None and mfcc is not None, "a network that only hears needs mfcc"
            weighted, attention = self.audio(mfcc)
            return VAANetOutput(self._answer(weighted), attention, self.head(weighted))
        assert clips is not None, "a network that sees needs clips"
        weighted, alpha, beta, gamma = self.visual(clips)
        if self.audio is not None:
            assert mfcc is not None, "a network that hears needs mfcc"
            heard = self.audio(mfcc)[0].mean(dim=1, keepdim=True)
            weighted = torch.cat([weighted, heard.expand(-1, weighted.shape[1], -1)], dim=2)
        return SeenVAANetOutput(self._answer(weighted), gamma, self.head(weighted), alpha, beta)

    def _answer(self, weighted: Float[Tensor, "b s d"]) -> Float[Tensor, "b k"]:
        return self.head(self.dropout(weighted.mean(dim=1)))


class VisualAttention(nn.Module):
    """Where, by which features and when: spatial, channel and temporal attention, one after the other."""

    def __init__(self, config: VisualConfig, *, even: bool) -> None:
        super().__init__()
        cells, width = cells_of(config.size), config.embed
        self.reduce = nn.ModuleDict(
            {"conv": nn.Conv1d(32 * config.width, width, 1), "bn": nn.BatchNorm1d(width)}
        )
        self.spatial = SoftAttention(width, cells)
        self.channel = SoftAttention(cells, width)
        self.temporal = TemporalAttention(width, config.segments, even=even)
        for module in self.modules():
            if isinstance(module, nn.Conv1d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
        nn.init.ones_(self.temporal.mix.bias)  # every segment counts until training says otherwise

    def forward(
        self, features: Float[Tensor, "b s d cells"]
    ) -> tuple[
        Float[Tensor, "b s e"], Float[Tensor, "b s cells"], Float[Tensor, "b s e"], Float[Tensor, "b s"]
    ]:
        batch = features.shape[:2]
        seen = torch.relu(self.reduce["bn"](self.reduce["conv"](features.flatten(0, 1))))
        alpha = self.spatial(seen)
        placed = seen * alpha.unsqueeze(1)
        beta = self.channel(placed.transpose(1, 2))
        segments = (placed * beta.unsqueeze(2)).mean(dim=2).unflatten(0, batch)
        gamma = self.temporal(segments)
        return segments * gamma.unsqueeze(2), alpha.unflatten(0, batch), beta.unflatten(0, batch), gamma


class SoftAttention(nn.Module):
    """Weights over the last axis whose mean is 1."""

    def __init__(self, width: int, places: int) -> None:
        super().__init__()
        self.places = places
        self.score = nn.Conv1d(width, 1, 1, bias=False)
        self.bn = nn.BatchNorm1d(1)
        self.mix = nn.Linear(places, places, bias=False)

    def forward(self, features: Float[Tensor, "n d p"]) -> Float[Tensor, "n p"]:
        score = torch.tanh(self.bn(self.score(features))).squeeze(1)
        return self.places * torch.softmax(self.mix(score), dim=1)


class AudioAttention(nn.Module):
    """Chunks of the sound, each weighted by its attention."""

    def __init__(self, config: AudioConfig, *, even: bool) -> None:
        super().__init__()
        self.chunks = config.chunks
        self.backbone = SpectrogramResNet(blocks=config.blocks, width=config.width)
        self.embed = nn.ModuleDict(
            {"linear": nn.Linear(8 * config.width, config.embed), "bn": nn.BatchNorm1d(config.embed)}
        )
        self.temporal = TemporalAttention(config.embed, config.chunks, even=even)

    def forward(self, mfcc: Float[Tensor, "b n c"]) -> tuple[Float[Tensor, "b s e"], Float[Tensor, "b s"]]:
        chunks = mfcc.unflatten(1, (self.chunks, -1))
        heard = self.backbone(chunks.flatten(0, 1))
        heard = torch.tanh(self.embed["bn"](self.embed["linear"](heard))).unflatten(0, chunks.shape[:2])
        attention = self.temporal(heard)
        return heard * attention.unsqueeze(2), attention
