"""Settings of the method; the defaults are the paper's."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from affekt.core.settings import Settings
from affekt.metrics.proposals import ProposalSettings


class FrameConfig(Settings):
    """The network that computes features from raw frames, in place of features from a file.

    Attributes:
        encoder: The I3D of the paper, or a 3D ResNet of any size.
        height: Length of the shorter side, in pixels, before the centre square is cut out.
        size: Side of that square, in pixels.
        blocks: Bottlenecks of the 3D ResNet's stages; those of the I3D are fixed.
        stem: Channels of the first convolution; all others are in proportion.
        freeze: Do not train it.
    """

    encoder: Literal["i3d", "resnet_3d"] = "i3d"
    height: PositiveInt = 240
    size: int = Field(default=224, ge=32)
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (3, 4, 23, 3)
    stem: PositiveInt = 64
    freeze: bool = True

    @model_validator(mode="after")
    def _fits(self) -> FrameConfig:
        if self.size > self.height:
            raise ValueError(f"no square of {self.size} pixels can be cut out of {self.height} rows")
        if self.encoder == "i3d" and self.stem % 8:
            raise ValueError(f"stem = {self.stem}: the channels of an I3D are eighths of it")
        return self


class LossWeights(Settings):
    """Weights of the losses.

    Attributes:
        video: Of the class shares of the whole video (lambda 1 of the paper).
        cells: Of all losses of single cells (lambda 2).
        seeds: Share of the seeds in the losses of cells; points have the rest (mu).
        contrast: Of the contrast between each modality and its reconstruction from both.
    """

    video: float = Field(default=2.0, ge=0)
    cells: float = Field(default=1.0, ge=0)
    seeds: float = Field(default=0.5, ge=0, le=1)
    contrast: float = Field(default=1.0, ge=0)


class TSLNetConfig(Settings):
    """Class curves over cells of 16 frames and their sound, and the proposals of segments from them.

    Attributes:
        num_classes: Number of classes, without the background.
        streams: Modalities that the network takes.
        frames: Encoder of raw frames; None reads features from files, `feature_width` numbers a cell.
        feature_width: Values of a cell in files of features.
        audio_widths: Channels of the first two blocks of the audio encoder; the third has `align`.
        align: Features of a cell in each modality.
        hidden: Features of a cell after fusion.
        dropout: Of the fused features, before the heads.
        top_share: The score of a class in a video is the mean of its highest cells, one in `top_share`.
        chunk_cells: Number of cells in a chunk of sound. Each cell is encoded with its neighbours, which
            wrap around at the ends of a chunk; in training, batch norm takes one chunk at a time.
        rate_hz: Frames per second that are assumed for sound without video.
        loss: Weights of the losses.
        seed_bar: Background score above which a cell starts a background seed.
        seed_rule: How the condition of two such cells in a gap between points is tested: by the `sum` of
            their scores, as in the reference, where each score is slightly below 1; or by their `count`.
        contrast_sign: With the paper's sign a modality becomes similar to its reconstruction from both
            modalities, with the reference's sign dissimilar.
        proposals: How segments are derived from curves.
    """

    num_classes: int = Field(default=2, ge=1)
    streams: Literal["video+audio", "video", "audio"] = "video+audio"
    frames: FrameConfig | None = None
    feature_width: PositiveInt = 1024
    audio_widths: tuple[PositiveInt, PositiveInt] = (64, 256)
    align: PositiveInt = 512
    hidden: PositiveInt = 2048
    dropout: float = Field(default=0.7, ge=0, lt=1)
    top_share: PositiveInt = 8
    chunk_cells: PositiveInt = 600
    rate_hz: PositiveFloat = 25.0
    loss: LossWeights = LossWeights()
    seed_bar: float = Field(default=0.95, gt=0, le=1)
    seed_rule: Literal["sum", "count"] = "sum"
    contrast_sign: Literal["paper", "reference"] = "paper"
    proposals: ProposalSettings = ProposalSettings()

    @model_validator(mode="after")
    def _fits(self) -> TSLNetConfig:
        if self.frames is not None and self.streams == "audio":
            raise ValueError("a network of sound alone takes no frames: leave them out")
        return self

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Terms of the objective with these values."""
        weights = self.loss
        seeds = weights.cells * weights.seeds
        terms = {
            "video": weights.video,
            "point": weights.cells - seeds,
            "background": seeds,
            "foreground": seeds,
            "contrast": weights.contrast,
        }
        return tuple(name for name, weight in terms.items() if weight)

    @property
    def has_frozen_part(self) -> bool:
        """Whether a part of the network is not trained."""
        return self.frames is not None and self.frames.freeze
