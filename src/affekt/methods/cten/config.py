"""Settings of the method; the defaults are the paper's."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from affekt.core.settings import Settings
from affekt.media.video.snippets import SnippetSettings


class VisualConfig(SnippetSettings):
    """Snippets of the video, and the network that takes them.

    Attributes:
        blocks: Bottlenecks of the 3D ResNet's stages; (3, 4, 23, 3) is the ResNet-101.
        width: Channels of its stem; a segment has 32 times as many features.
        windows: Snippets of each segment that are decoded for training, for the passes after erasing.
    """

    segments: PositiveInt = 16
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (3, 4, 23, 3)
    width: PositiveInt = 64
    windows: PositiveInt = 3


class AudioConfig(Settings):
    """The sound as log-mel filterbanks, and the network that takes it.

    Attributes:
        bins: Number of mel bands.
        block_frames: Number of windows of 10 ms that are used of each segment.
        blocks: Units of the ResNet's stages; (2, 2, 2, 2) is the ResNet-18.
        width: Channels of its stem.
        mean, deviation: Scale of the filterbanks, natural logarithms; published for AudioSet, where the
            reference divides by twice the deviation.
    """

    bins: PositiveInt = 128
    block_frames: PositiveInt = 100
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (2, 2, 2, 2)
    width: PositiveInt = 64
    mean: float = -6.6268077
    deviation: float = Field(default=5.358466, gt=0)


class CTENConfig(Settings):
    """Cross-modal attention, and temporal erasing in training.

    Attributes:
        num_classes: Classes of the data, as many as the network has outputs.
        streams: Modalities that the network takes.
        heads: Number of heads of each cross-modal attention.
        local_start: Initialise non-local blocks as the identity, as in their original paper; in the reference
            the shortcut has weight 0 at first, so that every segment is a mixture of all.
        even_attention: Start temporal attention with the same weight for every segment, changed by its own
            score only; the reference starts with a random mixture of all scores.
        dropout: Before the head.
        erase: Train with three passes of each clip: whole, without the segments of highest attention, and
            those segments alone.
        bar: Threshold of erasing, as a position between a clip's lowest (0) and highest (1) attention.
        polarity_penalty: Additional weight of an error across polarity; 0.5 is VAANet's loss.
        freeze_backbone: Do not train the 3D network.
        drift_statistics: Use and update batch statistics in a frozen backbone during training, as the
            reference does without stating it.
    """

    num_classes: int = Field(default=8, ge=2)
    streams: Literal["video+audio", "video"] = "video+audio"
    visual: VisualConfig = VisualConfig()
    audio: AudioConfig = AudioConfig()
    heads: PositiveInt = 8
    local_start: bool = False
    even_attention: bool = False
    dropout: float = Field(default=0.2, ge=0, lt=1)
    erase: bool = True
    bar: float = Field(default=0.7, gt=0, lt=1)
    polarity_penalty: float = Field(default=0.0, ge=0)
    freeze_backbone: bool = True
    drift_statistics: bool = False

    @field_validator("streams", mode="before")
    @classmethod
    def _earlier_name(cls, value: Any) -> Any:
        """Recipes, checkpoints and bundles of affekt 0.1 have `visual` for `video`."""
        return {"visual+audio": "video+audio", "visual": "video"}.get(str(value), value)

    @model_validator(mode="after")
    def _fits(self) -> CTENConfig:
        if 32 * self.visual.width % self.heads:
            raise ValueError(f"{32 * self.visual.width} features cannot be cut into {self.heads} heads")
        return self

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Terms of the objective with these values."""
        polarity = ("polarity",) if self.polarity_penalty else ()
        return ("cross_entropy", *polarity, *(("context", "keyframes") if self.erase else ()))
