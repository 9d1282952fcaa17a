"""Settings of the method."""

from __future__ import annotations

from pydantic import Field, PositiveFloat, PositiveInt, model_validator

from affekt.core.settings import Settings


class AugmentConfig(Settings):
    """Augmentation of training utterances; amounts are largest values, drawn uniformly around zero.

    Attributes:
        speed: Relative change of length by resampling, which changes pitch and tempo.
        tempo: Relative change of the hop between windows, which changes tempo only.
        gain_db, tilt_db: Change of level, and of the spectral tilt at the highest band.
        noise: Probability that noise is added.
        snr_db: Smallest and largest signal-to-noise ratio.
        masks: Number of masked time intervals, and of masked frequency bands.
        mask_frames, mask_bands: Largest size of a mask.
    """

    speed: float = Field(default=0.15, ge=0, lt=0.5)
    tempo: float = Field(default=0.12, ge=0, lt=0.5)
    gain_db: float = Field(default=6.0, ge=0)
    tilt_db: float = Field(default=4.0, ge=0)
    noise: float = Field(default=0.5, ge=0, le=1)
    snr_db: tuple[float, float] = (10.0, 40.0)
    masks: int = Field(default=2, ge=0)
    mask_frames: int = Field(default=24, ge=0)
    mask_bands: int = Field(default=10, ge=0)


class CompactVoiceConfig(Settings):
    """A residual network over equal chunks of a log-mel spectrogram, weighted by temporal attention.

    Attributes:
        num_classes: Classes of the data, as many as the network has outputs.
        rate_hz: Sampling rate to which the sound is resampled.
        fft, hop: Length of a window and distance between windows, in samples.
        mels, low_hz, high_hz: Number of mel bands, lower edge of the first and upper edge of the last.
        floor_db: Constant power that is added to every band, so that lower power has no influence.
        trim_db: Sound at either end that is this far below the maximum is cut off as silence.
        margin_s: Length of that silence that is kept.
        longest_s: Later sound is not used.
        frames: Number of windows of a view: longer utterances are cropped, shorter ones repeated.
        chunks: Number of equal parts of a view that are embedded separately.
        views: Number of crops, or starts of the repetition, that are averaged in a prediction.
        blocks: Units of the network's stages; (2, 2, 2, 2) is the ResNet-18.
        width: Channels of its stem.
        embed: Features of a chunk.
        dropout: Before the embedding of a chunk.
    """

    num_classes: int = Field(default=8, ge=2)
    rate_hz: PositiveInt = 16_000
    fft: int = Field(default=512, ge=2)
    hop: PositiveInt = 160
    mels: PositiveInt = 64
    low_hz: float = Field(default=50.0, ge=0)
    high_hz: PositiveFloat = 8000.0
    floor_db: float = Field(default=-74.0, ge=-100)
    trim_db: PositiveFloat = 35.0
    margin_s: float = Field(default=0.1, ge=0)
    longest_s: PositiveFloat = 60.0
    frames: PositiveInt = 256
    chunks: PositiveInt = 4
    views: PositiveInt = 5
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (1, 1, 1, 1)
    width: PositiveInt = 32
    embed: PositiveInt = 128
    dropout: float = Field(default=0.2, ge=0, lt=1)
    augment: AugmentConfig = AugmentConfig()

    @model_validator(mode="after")
    def _fits(self) -> CompactVoiceConfig:
        if self.frames % self.chunks:
            raise ValueError(f"{self.frames} frames cannot be cut into {self.chunks} equal chunks")
        if not self.low_hz < self.high_hz <= self.rate_hz / 2:
            raise ValueError(
                f"bands from {self.low_hz} to {self.high_hz} Hz do not fit into 0 to {self.rate_hz / 2} Hz"
            )
        return self
