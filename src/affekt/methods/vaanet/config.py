"""Settings of the method; the defaults are the paper's."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from affekt.core.settings import Settings
from affekt.media.video.snippets import SnippetSettings


class VisualConfig(SnippetSettings):
    """Snippets of the video, and the network that takes them.

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
    """The sound as MFCC, and the network that takes it.

    Attributes:
        rate_hz: Sampling rate to which the sound is resampled.
        fft, hop: Length of a window and distance between windows, in samples.
        mels, coefficients: Number of mel bands, and of cosine coefficients that are kept.
        frames: Number of windows; longer sound is cut off, shorter sound is repeated.
        chunks: Number of equal parts that are embedded separately.
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
        """Length of the sound that is used at most, in seconds."""
        return (self.frames - 1) * self.hop / self.rate_hz


class VAANetConfig(Settings):
    """Visual and audio attention, or one of the two.

    Attributes:
        num_classes: Classes of the data, as many as the network has outputs.
        streams: Modalities that the network takes.
        freeze_backbone: Do not train the 3D network.
        drift_statistics: Use and update batch statistics in a frozen backbone during training, as the
            reference does without stating it.
        polarity_penalty: Additional weight of an error across polarity (lambda_0 of the paper).
        even_attention: Start temporal attention with the same weight for every segment, changed by its own
            score only; the reference starts with a random mixture of all scores.
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

    @property
    def loss_terms(self) -> tuple[str, ...]:
        """Terms of the objective with these values."""
        return ("cross_entropy", "polarity") if self.polarity_penalty else ("cross_entropy",)

    @property
    def has_frozen_part(self) -> bool:
        """Whether a part of the network is not trained."""
        return self.freeze_backbone and self.streams != "audio"

    @field_validator("streams", mode="before")
    @classmethod
    def _earlier_name(cls, value: Any) -> Any:
        """Recipes, checkpoints and bundles of affekt 0.1 have `visual` for `video`."""
        return {"visual+audio": "video+audio", "visual": "video"}.get(str(value), value)
