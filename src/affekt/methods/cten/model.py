"""The network: attention within each modality, attention across modalities, temporal attention, head."""

from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float, Num
from torch import Tensor, nn

from affekt.layers.resnet_2d import SpectrogramResNet
from affekt.layers.resnet_3d import SnippetResNet
from affekt.layers.temporal_attention import TemporalAttention
from affekt.media.video.snippets import MEAN

from .config import CTENConfig

NARROW = 8  # features of a segment per inner feature of a non-local block


class CTENOutput(NamedTuple):
    """Output of the network.

    Attributes:
        attention: Gamma of the paper, the weight of each segment; at least 0, not normalised.
        segment_logits: Logits of each segment alone; their mean is `logits`.
    """

    logits: Float[Tensor, "b k"]
    attention: Float[Tensor, "b s"]
    segment_logits: Float[Tensor, "b s k"]


class CTEN(nn.Module):
    """Emotion of a clip from the segments of picture and sound, or of the picture alone."""

    cached: ClassVar[tuple[str, ...]] = ("clips", "windows")

    def __init__(self, config: CTENConfig) -> None:
        super().__init__()
        visual = config.visual
        self.backbone = SnippetResNet(
            blocks=visual.blocks,
            width=visual.width,
            frozen=config.freeze_backbone,
            drift=config.drift_statistics,
        )
        width = self.backbone.channels
        self.visual_intra = NonLocal(width, local=config.local_start)
        self.audio = Audio(config, width) if config.streams == "video+audio" else None
        self.cross = CrossModal(width, config.heads) if self.audio is not None else None
        together = width if self.audio is None else 2 * width
        self.temporal = TemporalAttention(together, visual.segments, even=config.even_attention)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(together, config.num_classes)

    def forward(
        self, *, clips: Float[Tensor, "b s 3 t h w"], fbank: Float[Tensor, "b n c"] | None = None
    ) -> CTENOutput:
        return self.from_features(clips=self.features(clips), fbank=fbank)

    def features(self, clips: Num[Tensor, "b s 3 t h w"]) -> Float[Tensor, "b s d"]:
        """Features of the backbone for each segment, or for each window of pixels."""
        return self.backbone(scaled(clips)).mean(dim=(3, 4))

    def from_features(
        self, *, clips: Float[Tensor, "b s d"], fbank: Float[Tensor, "b n c"] | None = None
    ) -> CTENOutput:
        """As `forward`, with the features of the backbone as `clips`."""
        segments = self.visual_intra(clips)
        if self.audio is not None and self.cross is not None:
            assert fbank is not None, "a network of sound needs fbank"
            segments = self.cross(segments, self.audio(fbank))
        attention = self.temporal(segments)
        weighted = segments * attention.unsqueeze(2)
        return CTENOutput(self.head(self.dropout(weighted.mean(dim=1))), attention, self.head(weighted))


class Audio(nn.Module):
    """Features of the sound of each segment, with attention among them."""

    def __init__(self, config: CTENConfig, width: int) -> None:
        super().__init__()
        self.segments = config.visual.segments
        self.backbone = SpectrogramResNet(blocks=config.audio.blocks, width=config.audio.width)
        self.embed = nn.ModuleDict(
            {"linear": nn.Linear(self.backbone.channels, width), "bn": nn.BatchNorm1d(width)}
        )
        self.intra = NonLocal(width, local=config.local_start)

    def forward(self, fbank: Float[Tensor, "b n c"]) -> Float[Tensor, "b s d"]:
        blocks = fbank.unflatten(1, (self.segments, -1))
        rows = self.backbone(blocks.flatten(0, 1))
        embedding = torch.tanh(self.embed["bn"](self.embed["linear"](rows)))
        return self.intra(embedding.unflatten(0, blocks.shape[:2]))


class NonLocal(nn.Module):
    """Attention among the segments of one modality.

    Args:
        width: Features of a segment.
        local: Initialise the block as the identity: the shortcut has weight 1 and the mixture of all segments
            weight 0. Otherwise it is the other way round.

    Source: Wang et al., Non-local Neural Networks, CVPR 2018, which starts as the identity. CTEN's reference
    does not, and learns the weight of the shortcut.
    """

    def __init__(self, width: int, *, local: bool = False) -> None:
        super().__init__()
        inner = width // NARROW
        self.scale = inner**-0.5
        self.theta, self.phi, self.g = (nn.Linear(width, inner) for _ in range(3))
        self.out = nn.Linear(inner, width)
        self.bn = nn.BatchNorm1d(width)
        self.alpha = nn.Parameter(torch.full((1,), float(local)))
        if local:
            nn.init.zeros_(self.bn.weight)

    def forward(self, segments: Float[Tensor, "b s d"]) -> Float[Tensor, "b s d"]:
        similarity = self.theta(segments) @ self.phi(segments).transpose(1, 2)
        mixed = torch.softmax(self.scale * similarity, dim=2) @ self.g(segments)
        rows = self.bn(self.out(mixed).flatten(0, 1))
        return rows.unflatten(0, segments.shape[:2]) + self.alpha * segments


class CrossModal(nn.Module):
    """Each modality is attended to with queries of the other one.

    parity: queries of the sound attend to the video, and the result is added to the video; by the paper's
    equation, sound would be added to it.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.to_visual = RectifiedAttention(width, heads)
        self.to_audio = RectifiedAttention(width, heads)

    def forward(
        self, visual: Float[Tensor, "b s d"], audio: Float[Tensor, "b s d"]
    ) -> Float[Tensor, "b s both"]:
        mixed_visual = visual + self.to_visual(audio, visual)
        mixed_audio = audio + self.to_audio(visual, audio)
        return torch.cat([mixed_visual, mixed_audio], dim=2)


class RectifiedAttention(nn.Module):
    """Multi-head attention with a ReLU after every projection."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.scale = (width // heads) ** -0.5
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))

    def forward(
        self, querying: Float[Tensor, "b s d"], attended: Float[Tensor, "b s d"]
    ) -> Float[Tensor, "b s d"]:
        query, key, value = (
            torch.relu(project(source)).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for project, source in ((self.query, querying), (self.key, attended), (self.value, attended))
        )
        weights = torch.softmax(self.scale * query @ key.transpose(2, 3), dim=3)
        return torch.relu(self.out((weights @ value).transpose(1, 2).flatten(2)))


def scaled(entry: Tensor) -> Tensor:
    """Pixels of uint8 in the range of the network, around `MEAN`; features are returned unchanged."""
    return entry.float() / 255 - float(MEAN) if entry.dtype == torch.uint8 else entry
