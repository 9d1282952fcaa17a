"""What a person may vary."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from affekt.core.settings import Settings
from affekt.media.video.snippets import SnippetSettings


class VisualConfig(SnippetSettings):
    """Snippets of the picture, and the network that sees them.

    Attributes:
        blocks: Bottlenecks of the 3D ResNet's stages; (3, 4, 23, 3) is the ResNet-101.
        width: Channels of its stem.
        embed: Features of a segment after the reduction.
    """

    segments: PositiveInt = 12
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (3, 4, 23, 3)
    width: PositiveInt = 64
    embed: PositiveInt = 512


class AudioConfig(Settings):
    """The sound as MFCC, and the network that hears it.

    Attributes:
        rate_hz: What the sound is resampled to.
        fft, hop: Samples of a window, and between windows.
        mels, coefficients: Mel bands, and how many cosine coefficients of them are kept.
        frames: Windows that are heard: longer sound is cut off, shorter is repeated.
        chunks: Equal parts that are heard by themselves.
        blocks: Units of the ResNet's stages; (2, 2, 2, 2) is the ResNet-18.
        width: Channels of its stem.
        embed: Features of a chunk.
    """

    rate_hz: PositiveInt = 44_100
    fft: PositiveInt = 2048
    hop: PositiveInt = 512
    mels: PositiveInt = 128
    coefficients: PositiveInt = 32
    frames: PositiveInt = 4096
    chunks: PositiveInt = 16
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (2, 2, 2, 2)
    width: PositiveInt = 64
    embed: PositiveInt = 256

    @model_validator(mode="after")
    def _fits(self) -> AudioConfig:
        if self.frames % self.chunks:
            raise ValueError(f"{self.frames} frames cannot be cut into {self.chunks} equal chunks")
        if self.coefficients > self.mels:
            raise ValueError(f"{self.mels} mel bands have no {self.coefficients} cosine coefficients")
        return self

    @property
    def longest_s(self) -> PositiveFloat:
        """How much of a sound is heard, in seconds."""
        return (self.frames - 1) * self.hop / self.rate_hz


class VAANetConfig(Settings):
    """Visual and audio attention, or either alone.

    Attributes:
        streams: What the answer stands on.
        freeze_backbone: Keep the 3D network as it was loaded.
        drift_statistics: Let a frozen backbone normalise by its batches in training, and its running
            statistics follow them, as the reference does without saying so.
        polarity_penalty: How much more a mistake across polarity costs (lambda_0 of the paper).
        even_attention: Let temporal attention begin with the same weight for every segment, changed by its
            own score alone; the reference begins with a random mixture of all scores.
        dropout: Before the head; the reference has none.
    """

    num_classes: int = Field(default=8, ge=2)
    streams: Literal["video+audio", "video", "audio"] = "video+audio"
    visual: VisualConfig = VisualConfig()
    audio: AudioConfig = AudioConfig()
    freeze_backbone: bool = True
    drift_statistics: bool = False
    polarity_penalty: float = Field(default=0.5, ge=0)
    even_attention: bool = False
    dropout: float = Field(default=0.0, ge=0, lt=1)

    @field_validator("streams", mode="before")
    @classmethod
    def _earlier_name(cls, value: Any) -> Any:
        """Recipes, checkpoints and bundles of affekt 0.1 have `visual` for `video`."""
        return {"visual+audio": "video+audio", "visual": "video"}.get(str(value), value)
