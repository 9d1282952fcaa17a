"""The network: three visual attentions over snippets, one audio attention, and a head over both."""

from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from affekt.layers.resnet_2d import SpectrogramResNet
from affekt.layers.resnet_3d import SnippetResNet, cells_of
from affekt.layers.temporal_attention import TemporalAttention

from .config import AudioConfig, VAANetConfig, VisualConfig


class VAANetOutput(NamedTuple):
    """Output of a network without video.

    Attributes:
        attention: Gamma of the paper, the weight of each segment; of each chunk of sound without video.
        segment_logits: Logits of each segment alone; their mean is `logits`.
    """

    logits: Float[Tensor, "b k"]
    attention: Float[Tensor, "b s"]
    segment_logits: Float[Tensor, "b s k"]


class VideoVAANetOutput(NamedTuple):
    """Output of a network with video, with spatial and channel attention.

    Attributes:
        alpha: Spatial attention over the cells of each segment; sums to their number.
        beta: Channel attention over the features of each segment; sums to their number.
    """

    logits: Float[Tensor, "b k"]
    attention: Float[Tensor, "b s"]
    segment_logits: Float[Tensor, "b s k"]
    alpha: Float[Tensor, "b s cells"]
    beta: Float[Tensor, "b s d"]


class VAANet(nn.Module):
    """Visual and audio attention over the segments of a video, or one of the two.

    Symbols, as in the paper: alpha spatial, beta channel, gamma temporal attention.
    """

    cached: ClassVar[tuple[str, ...]] = ("clips",)

    def __init__(self, config: VAANetConfig) -> None:
        super().__init__()
        has_video, has_audio = config.streams != "audio", config.streams != "video"
        self.backbone = (
            SnippetResNet(
                blocks=config.visual.blocks,
                width=config.visual.width,
                frozen=config.freeze_backbone,
                drift=config.drift_statistics,
            )
            if has_video
            else None
        )
        self.visual = VisualAttention(config.visual, even=config.even_attention) if has_video else None
        self.audio = AudioAttention(config.audio, even=config.even_attention) if has_audio else None
        width = has_video * config.visual.embed + has_audio * config.audio.embed
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(width, config.num_classes)

    def forward(
        self,
        *,
        clips: Float[Tensor, "b s 3 t h w"] | None = None,
        mfcc: Float[Tensor, "b n c"] | None = None,
    ) -> VAANetOutput | VideoVAANetOutput:
        return self.from_features(clips=None if clips is None else self.features(clips), mfcc=mfcc)

    def features(self, clips: Float[Tensor, "b s 3 t h w"]) -> Float[Tensor, "b s d cells"]:
        """Features of the backbone for each cell of each segment."""
        assert self.backbone is not None, "a network without video has no backbone"
        return self.backbone(clips).flatten(3)

    def from_features(
        self,
        *,
        clips: Float[Tensor, "b s d cells"] | None = None,
        mfcc: Float[Tensor, "b n c"] | None = None,
    ) -> VAANetOutput | VideoVAANetOutput:
        """As `forward`, with the features of the backbone as `clips`."""
        if self.visual is None:
            assert self.audio is not None and mfcc is not None, "a network of sound needs mfcc"
            weighted, attention = self.audio(mfcc)
            return VAANetOutput(self._answer(weighted), attention, self.head(weighted))
        assert clips is not None, "a network of video needs clips"
        weighted, alpha, beta, gamma = self.visual(clips)
        if self.audio is not None:
            assert mfcc is not None, "a network of sound needs mfcc"
            sound = self.audio(mfcc)[0].mean(dim=1, keepdim=True)
            weighted = torch.cat([weighted, sound.expand(-1, weighted.shape[1], -1)], dim=2)
        return VideoVAANetOutput(self._answer(weighted), gamma, self.head(weighted), alpha, beta)

    def vector(self, values: Float[Tensor, "b ..."]) -> Float[Tensor, "b d"]:
        """What the head of a network of one stream answers from: of clips, or of MFCC."""
        if self.visual is not None:
            return self.visual(self.features(values))[0].mean(dim=1)
        assert self.audio is not None, "a network has a stream"
        return self.audio(values)[0].mean(dim=1)

    @staticmethod
    def vector_width(config: VAANetConfig) -> int:
        """Size of that vector."""
        return config.audio.embed if config.streams == "audio" else config.visual.embed

    def _answer(self, weighted: Float[Tensor, "b s d"]) -> Float[Tensor, "b k"]:
        return self.head(self.dropout(weighted.mean(dim=1)))


class VisualAttention(nn.Module):
    """Spatial, channel and temporal attention, one after the other."""

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
        nn.init.ones_(self.temporal.mix.bias)  # at first the weight of no segment is cut to 0

    def forward(
        self, features: Float[Tensor, "b s d cells"]
    ) -> tuple[
        Float[Tensor, "b s e"], Float[Tensor, "b s cells"], Float[Tensor, "b s e"], Float[Tensor, "b s"]
    ]:
        batch = features.shape[:2]
        reduced = torch.relu(self.reduce["bn"](self.reduce["conv"](features.flatten(0, 1))))
        alpha = self.spatial(reduced)
        located = reduced * alpha.unsqueeze(1)
        beta = self.channel(located.transpose(1, 2))
        segments = (located * beta.unsqueeze(2)).mean(dim=2).unflatten(0, batch)
        gamma = self.temporal(segments)
        return segments * gamma.unsqueeze(2), alpha.unflatten(0, batch), beta.unflatten(0, batch), gamma


class SoftAttention(nn.Module):
    """Attention weights over the last axis, with mean 1."""

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
    """Features of the chunks of the sound, each weighted by its attention."""

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
        rows = self.backbone(chunks.flatten(0, 1))
        embedding = torch.tanh(self.embed["bn"](self.embed["linear"](rows))).unflatten(0, chunks.shape[:2])
        attention = self.temporal(embedding)
        return embedding * attention.unsqueeze(2), attention
