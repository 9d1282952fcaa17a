"""What a person may vary."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from affekt.core.settings import Settings
from affekt.metrics.proposals import ProposalSettings


class FrameConfig(Settings):
    """The network that makes features of raw frames, in place of features from a file.

    Attributes:
        encoder: The I3D of the paper, or a 3D ResNet of any size.
        height: Pixels of the picture's shorter side before the middle square is cut out.
        size: Side of that square.
        blocks: Bottlenecks of the 3D ResNet's stages; the I3D has its own.
        stem: Channels of the first convolution; all others are in proportion.
        freeze: Keep it as it was loaded.
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
    """How much each loss counts.

    Attributes:
        video: Of the shares of the classes in the whole video (lambda 1 of the paper).
        cells: Of everything that is asked of single cells (lambda 2).
        seeds: Share of these that found seeds have; points have the rest (mu).
        contrast: Of each modality's likeness to what both make of it.
    """

    video: float = Field(default=2.0, ge=0)
    cells: float = Field(default=1.0, ge=0)
    seeds: float = Field(default=0.5, ge=0, le=1)
    contrast: float = Field(default=1.0, ge=0)


class TSLNetConfig(Settings):
    """Cells of 16 frames and their sound, fused; class curves over time; what makes segments of them.

    Attributes:
        num_classes: Without the background.
        streams: What the answer stands on.
        frames: Where features of the picture come from; None: from files, `feature_width` numbers a cell.
        audio_widths: Channels of the first two parts of the network that hears; its third has `align`.
        align: Features of a cell in each modality.
        hidden: Features of a cell after fusion.
        dropout: On them, before the heads.
        top_share: A video is as sure of a class as the mean of its surest cells, one in so many.
        chunk_cells: Cells that wrap around their ends, where each is heard between its neighbours; batch
            norm takes as many at once in training.
        rate_hz: What counts as frames per second for a sound that comes without a picture.
        loss: How much each loss counts.
        seed_bar: How sure of background a cell must be to begin a background seed.
        seed_rule: How the reference sees that a gap between points holds two such cells: by the `sum` of
            their scores, each of them a little less than one; or by their `count`.
        contrast_sign: The paper's makes a modality like what both make of it; the reference's unlike.
        proposals: How segments are made of curves.
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
            raise ValueError("a network that only hears has no use for frames: leave them out")
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
