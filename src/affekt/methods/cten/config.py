"""What a person may vary."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from affekt.core.settings import Settings
from affekt.media.video.snippets import SnippetSettings


class VisualConfig(SnippetSettings):
    """Snippets of the picture, and the network that sees them.

    Attributes:
        blocks: Bottlenecks of the 3D ResNet's stages; (3, 4, 23, 3) is the ResNet-101.
        width: Channels of its stem; a segment has 32 times as many features.
        windows: Snippets of each segment that are decoded for training, to look at again after erasing.
    """

    segments: PositiveInt = 16
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (3, 4, 23, 3)
    width: PositiveInt = 64
    windows: PositiveInt = 3


class AudioConfig(Settings):
    """The sound as log-mel filterbanks, and the network that hears it.

    Attributes:
        bins: Mel bands.
        block_frames: Windows of 10 ms that are heard of each segment.
        blocks: Units of the ResNet's stages; (2, 2, 2, 2) is the ResNet-18.
        width: Channels of its stem.
        mean, deviation: What filterbanks are scaled by, natural logarithms; published for AudioSet, whose
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
        streams: What the answer stands on.
        heads: Of each cross-modal attention.
        local_start: Let non-local blocks begin as shortcuts, as their inventors do; in the reference they
            begin without any, so that at first every segment is a mixture of all.
        even_attention: Let attention begin with the same weight for every segment, changed by its own score
            alone; the reference begins with a random mixture of all scores.
        dropout: Before the head.
        erase: Look at each training clip three times: whole, without the segments that attention finds most
            telling, and at those alone.
        bar: Where between a clip's least (0) and most (1) attention erasing begins.
        polarity_penalty: How much more a mistake across polarity costs; 0.5 is VAANet's loss.
        freeze_backbone: Keep the 3D network as it was loaded.
        drift_statistics: Let a frozen backbone normalise by its batches in training, and its running
            statistics follow them, as the reference does without saying so.
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
