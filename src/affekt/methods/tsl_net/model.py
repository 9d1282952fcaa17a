"""The network: features of picture and sound of each cell, fused over time, and curves of the classes."""

from itertools import pairwise
from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from affekt.core.errors import ConfigError
from affekt.layers.frame_encoders import PooledSnippets, frame_encoder
from affekt.layers.i3d import I3D

from .config import FrameConfig, TSLNetConfig

CELLS_AT_ONCE = 8  # in one pass of a frozen encoder: a cell of 224 pixels takes 100 MB of activations


class TSLNetOutput(NamedTuple):
    """Output of the network for each cell.

    Attributes:
        logits: Of the classes and, last, of the background.
        distribution: Logits; the highest cells of each class give the class shares of the video.
        features: Fused features, the input of both heads.
        aligned: Features of picture, then sound, before fusion; of one where there is one modality.
    """

    logits: Float[Tensor, "b t k"]
    distribution: Float[Tensor, "b t k"]
    features: Float[Tensor, "b t d"]
    aligned: Float[Tensor, "b m t e"]


class TSLNet(nn.Module):
    """Class curves from picture and sound of each cell, or from one of the two.

    All layers are local: the output of a cell depends on two cells on each side, so a video may be passed in
    parts.
    """

    cached: ClassVar[tuple[str, ...]] = ("clips",)

    def __init__(self, config: TSLNetConfig) -> None:
        super().__init__()
        has_video, has_audio = config.streams != "audio", config.streams != "video"
        self.frames = None if config.frames is None else encoder_of(config.frames)
        width = config.feature_width if self.frames is None else self.frames.width
        self.visual_align = nn.Conv1d(width, config.align, 3, padding=1) if has_video else None
        self.audio = AudioEncoder(config) if has_audio else None
        self.fuse = nn.Conv1d((has_video + has_audio) * config.align, config.hidden, 3, padding=1)
        self.dropout = nn.Dropout(config.dropout)
        self.cls_head = nn.Conv1d(config.hidden, config.num_classes + 1, 1, bias=False)
        self.dist_head = nn.Conv1d(config.hidden, config.num_classes + 1, 1, bias=False)

    def forward(
        self,
        *,
        rgb: Float[Tensor, "b t d"] | None = None,
        clips: Float[Tensor, "b t 3 f h w"] | None = None,
        logmel: Float[Tensor, "b t r c"] | None = None,
    ) -> TSLNetOutput:
        return self.from_features(
            rgb=rgb, clips=None if clips is None else self.features(clips), logmel=logmel
        )

    def features(self, clips: Float[Tensor, "b t 3 f h w"]) -> Float[Tensor, "b t d"]:
        """Features of the encoder for each cell."""
        assert self.frames is not None, "a network without frames takes features"
        cells = clips.flatten(0, 1)
        learns = self.training and any(parameter.requires_grad for parameter in self.frames.parameters())
        split = not learns and not torch.compiler.is_exporting()
        parts = cells.split(CELLS_AT_ONCE) if split else [cells]
        return torch.cat([self.frames(part) for part in parts]).unflatten(0, clips.shape[:2])

    def vector(
        self, clips: Float[Tensor, "b t 3 f h w"], is_real: Bool[Tensor, "b t"]
    ) -> Float[Tensor, "b d"]:
        """The mean of the encoder's features over the cells that are real."""
        weight = is_real.unsqueeze(2)
        return (self.features(clips) * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)

    @staticmethod
    def vector_width(config: TSLNetConfig) -> int:
        """Size of that vector.

        Raises:
            ConfigError: The network takes features of a file, not pictures.
        """
        if config.frames is None:
            raise ConfigError("config of tsl_net", ["frames: a network without an encoder takes features"])
        return encoder_of(config.frames).width

    def from_features(
        self,
        *,
        rgb: Float[Tensor, "b t d"] | None = None,
        clips: Float[Tensor, "b t d"] | None = None,
        logmel: Float[Tensor, "b t r c"] | None = None,
    ) -> TSLNetOutput:
        """As `forward`, with features from a file as `rgb`, or of the encoder as `clips`."""
        aligned: list[Tensor] = []
        if self.visual_align is not None:
            rows = rgb if self.frames is None else clips
            assert rows is not None, "a network of video needs features or clips"
            aligned.append(torch.relu(self.visual_align(rows.transpose(1, 2))))
        if self.audio is not None:
            assert logmel is not None, "a network of sound needs logmel"
            aligned.append(self.audio(logmel).transpose(1, 2))
        fused = torch.relu(self.fuse(torch.cat(aligned, dim=1)))
        heads = self.dropout(fused)
        return TSLNetOutput(
            self.cls_head(heads).transpose(1, 2),
            self.dist_head(heads).transpose(1, 2),
            fused.transpose(1, 2),
            torch.stack(aligned, dim=1).transpose(2, 3),
        )


class AudioEncoder(nn.Module):
    """Features of the sound of each cell, from the log-mel rows of the cell and its two neighbours."""

    def __init__(self, config: TSLNetConfig) -> None:
        super().__init__()
        self.chunk_cells = config.chunk_cells
        widths = (*config.audio_widths, config.align)
        self.stem = nn.ModuleDict(
            {"conv": nn.Conv2d(1, widths[0], 7, stride=(3, 2), padding=3), "bn": nn.BatchNorm2d(widths[0])}
        )
        pools = (nn.MaxPool2d(2), nn.AvgPool2d((4, 3)))
        self.pool = nn.MaxPool2d(4)
        self.blocks = nn.ModuleList(
            SoundBlock(before, after, pool)
            for (before, after), pool in zip(pairwise(widths), pools, strict=True)
        )

    def forward(self, logmel: Float[Tensor, "b t r c"]) -> Float[Tensor, "b t e"]:
        # The statistics of batch norm in training are those of a chunk, as in the reference.
        chunks = logmel.split(self.chunk_cells, dim=1) if self.training else [logmel]
        return torch.cat([self._encode(chunk) for chunk in chunks], dim=1)

    def _encode(self, chunk: Float[Tensor, "b t r c"]) -> Float[Tensor, "b t e"]:
        maps = chunk.flatten(0, 1).unsqueeze(1)
        maps = self.pool(self.stem["bn"](torch.relu(self.stem["conv"](maps))))
        for block in self.blocks:
            maps = block(maps)
        return maps.flatten(1).unflatten(0, chunk.shape[:2])


class SoundBlock(nn.Module):
    """Two convolutions, batch norm, pooling."""

    def __init__(self, before: int, after: int, pool: nn.Module) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1)
        self.mix = nn.Conv2d(after, after, 1)
        self.bn = nn.BatchNorm2d(after)
        self.pool = pool

    def forward(self, maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        return self.pool(self.bn(torch.relu(self.mix(torch.relu(self.conv(maps))))))


def encoder_of(frames: FrameConfig) -> I3D | PooledSnippets:
    """The encoder of raw frames, with random weights."""
    return frame_encoder(frames.encoder, blocks=frames.blocks, stem=frames.stem, frozen=frames.freeze)
