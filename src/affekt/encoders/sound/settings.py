"""Settings of a pretrained encoder of sound."""

from __future__ import annotations

import math
from typing import Any, ClassVar, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from affekt.core.settings import Settings
from affekt.encoders.settings import PretrainedSettings

SoundPooling = Literal["first", "mean", "max", "last"]
# Families of networks that read the waveform itself, and those that read a spectrogram of a fixed length.
WAVES = ("wav2vec2", "hubert", "wavlm", "data2vec-audio")
SPECTROGRAMS = ("whisper",)


class SoundInput(Settings):
    """What a network of sound reads, as its feature extractor states it.

    Attributes:
        rate_hz: Samples per second.
        normalised: Whether each clip is shifted and scaled to mean 0 and variance 1.
        mels, fft, hop: Of a spectrogram: bins, samples of a window, samples between windows.
    """

    rate_hz: PositiveInt = 16000
    normalised: bool = False
    mels: PositiveInt = 80
    fft: PositiveInt = 400
    hop: PositiveInt = 160


class SoundEncoderSettings(PretrainedSettings):
    """One pretrained encoder of sound: wav2vec 2.0, HuBERT, WavLM, data2vec-audio, Whisper or Distil-Whisper.

    Further attributes are those of `PretrainedSettings`.

    Attributes:
        pooling: How the states of the positions in time become one vector: that of the first or the last one,
            or the mean or the maximum of all that hold sound.
        longest_s: Sound beyond this many seconds is left out; an answer then says so. Whisper reads at most
            its window, which is 30 s.
        kept: Which end of a longer sound is read.
        read_rate_hz: parity: the rate at which sound is read, if it is not that of the network. TelME's
            reference reads 22 050 Hz and hands it over as 16 kHz, which changes pitch and speed by 1.38.
        input: What the network reads. Taken from the source like the architecture.
    """

    needed: ClassVar[tuple[str, ...]] = ("model_type", "hidden_size", "num_hidden_layers")

    kind: Literal["pretrained"] = "pretrained"
    pooling: SoundPooling = "mean"
    longest_s: PositiveFloat = 25.0  # 400 000 samples at 16 kHz, as in TelME
    kept: Literal["start", "end"] = "start"
    read_rate_hz: int | None = Field(default=None, ge=1000)
    input: SoundInput = SoundInput()

    @property
    def reads_waves(self) -> bool:
        """Whether the network reads the waveform itself."""
        return self.architecture["model_type"] in WAVES

    @property
    def width(self) -> int:
        """Size of the vector; 1 while the architecture is not known."""
        if not self.is_resolved:
            return 1
        layers = int(self.architecture["num_hidden_layers"]) + 1 if self.layers == "all" else 1
        return int(self.architecture["hidden_size"]) * layers

    @property
    def field(self) -> tuple[int, int]:
        """Samples that one position of a network of waveforms reads, and samples between positions."""
        sizes, steps = self.architecture["conv_kernel"], self.architecture["conv_stride"]
        reach, step = 1, 1
        for size, stride in zip(sizes, steps, strict=True):
            reach, step = reach + (int(size) - 1) * step, step * int(stride)
        return reach, step

    @property
    def positions(self) -> int:
        """Positions in time of a network of spectrograms, of two windows each."""
        return int(self.architecture["max_source_positions"])

    @property
    def samples(self) -> int:
        """The longest sound that is read, in samples."""
        longest = max(1, math.floor(self.longest_s * self.input.rate_hz))
        if self.is_resolved and not self.reads_waves:
            longest = min(longest, 2 * self.positions * self.input.hop)
        return longest

    @property
    def cached_part(self) -> dict[str, Any]:
        """What the output of the frozen encoder depends on, beside the sound and the weights."""
        left_out = {"source", "mode", "lora", "checkpointing", "weights_sha256"}
        return self.model_dump(mode="json", exclude=left_out)
