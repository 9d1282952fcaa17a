"""Sound of a sample to what its encoder reads, in numpy alone."""

from __future__ import annotations

import numpy as np

from affekt.core.files.fingerprint import fingerprint
from affekt.core.notes import note
from affekt.core.sample import Sample
from affekt.core.spec import TensorSpec
from affekt.encoders.sound.settings import SoundEncoderSettings
from affekt.media.sound import read_sound, sound_of, sound_span_s
from affekt.media.sound.spectrum import log_mel

_SMALLEST_VARIANCE = 1e-7  # as the feature extractor of wav2vec 2.0
_BEYOND_S = 0.01  # read beyond the longest sound, to know whether there is more
_FLOOR_DB = 80.0  # Whisper: values more than 8 (log10 of power) below the largest one are raised


class SoundReader:
    """Sound of samples as the arrays `<name>` and `<name>_real` of an encoder.

    A waveform is read at the encoder's rate, one channel, and normalised where its feature extractor does;
    Whisper gets its log-mel spectrogram, filled up with silence to its window. `<name>_real` is 1 where there
    is sound: for each sample of a waveform, for each position of Whisper.

    Args:
        name: Of the input of the network.
        optional: Whether a sample may lack sound.
    """

    def __init__(
        self, settings: SoundEncoderSettings, *, name: str = "audio", optional: bool = False
    ) -> None:
        self.settings, self.name, self.optional = settings, name, optional

    @property
    def open_sizes(self) -> dict[str, int]:
        """Samples of the longest sound, for both arrays of a waveform; nothing for a spectrogram."""
        longest = self.settings.samples
        return {self.name: longest, f"{self.name}_real": longest} if self.settings.reads_waves else {}

    @property
    def specs(self) -> tuple[TensorSpec, TensorSpec]:
        """The two arrays."""
        settings, facts = self.settings, self.settings.input
        waves = settings.reads_waves
        values = TensorSpec(
            name=self.name,
            axes="b n" if waves else "b c w",
            shape=(None,) if waves else (facts.mels, 2 * settings.positions),
            meaning=f"sound at {facts.rate_hz} Hz{', mean 0 and variance 1' if facts.normalised else ''}"
            if waves
            else f"log-mel spectrogram of Whisper, one column each {facts.hop} samples",
            modality="audio",
            padding=0 if waves else None,
            optional=self.optional,
        )
        real = TensorSpec(
            name=f"{self.name}_real",
            axes="b n" if waves else "b p",
            shape=(None,) if waves else (settings.positions,),
            meaning="1 where there is sound, 0 for padding",
            modality="audio",
            padding=0 if waves else None,
            mask=True,
            optional=self.optional,
        )
        return values, real

    def __call__(self, sample: Sample) -> dict[str, np.ndarray]:
        """The arrays of one sample.

        Raises:
            NoSound: It has no sound.
            MediaError: The sound cannot be read, or ends before the sample's span.
        """
        samples = self._samples(sample)
        values, real = self._wave(samples) if self.settings.reads_waves else self._spectrogram(samples)
        return {self.name: values, f"{self.name}_real": real}

    def cache_key(self, sample: Sample) -> str:
        """Hash of the sound that is read: its file or its samples, and the span."""
        sound = sample.media.get("audio", sample.media.get("video"))
        return fingerprint("sound", sound, sample.span_s)

    def _samples(self, sample: Sample) -> np.ndarray:
        """At most the longest sound that is read, (n,) float32."""
        settings = self.settings
        rate_hz = settings.read_rate_hz or settings.input.rate_hz
        most = settings.samples
        longest_s = most / rate_hz
        if settings.kept == "end":
            begin_s, end_s = sound_span_s(sample)
            if end_s - begin_s > longest_s:
                note(f"the sound lasts {end_s - begin_s:.1f} s: its last {longest_s:g} s were read")
                sound = sample.media.get("audio", sample.media.get("video"))
                found = read_sound(sound, rate_hz=rate_hz, start_s=end_s - longest_s, stop_s=end_s)
                return found.samples[0][-most:]
        samples = sound_of(sample, rate_hz=rate_hz, longest_s=longest_s + _BEYOND_S).samples[0]
        if len(samples) > most:
            note(f"the sound lasts longer than {longest_s:g} s: its first {longest_s:g} s were read")
        return samples[:most]

    def _wave(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The waveform; one that is shorter than the encoder's first position is filled up with silence."""
        if self.settings.input.normalised:
            samples = normalised(samples)
        reach, _ = self.settings.field
        samples = np.pad(samples, (0, max(0, reach - len(samples))))
        return samples.astype(np.float32, copy=False), np.ones(len(samples), np.float32)

    def _spectrogram(self, samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        facts, positions = self.settings.input, self.settings.positions
        whole = 2 * positions * facts.hop
        filled = np.pad(samples, (0, whole - len(samples)))
        if facts.normalised:
            filled[: len(samples)] = normalised(samples)
        found = whisper_spectrogram(
            filled, rate_hz=facts.rate_hz, mels=facts.mels, fft=facts.fft, hop=facts.hop
        )
        real = np.arange(positions) * 2 * facts.hop < max(1, len(samples))
        return found, real.astype(np.float32)


def normalised(samples: np.ndarray) -> np.ndarray:
    """Samples with mean 0 and variance 1, as float32.

    Source: transformers, `Wav2Vec2FeatureExtractor.zero_mean_unit_var_norm`.
    """
    shifted = samples - samples.mean()
    return (shifted / np.sqrt(samples.var() + _SMALLEST_VARIANCE)).astype(np.float32)


def whisper_spectrogram(
    samples: np.ndarray, *, rate_hz: int = 16000, mels: int = 80, fft: int = 400, hop: int = 160
) -> np.ndarray:
    """Log-mel spectrogram (mels, n // hop) float32 of samples (n,), about -1 to 1.

    Values are log10 of power, raised to at most 8 below the largest one, then (x + 4) / 4.

    Source: Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision, 2022.
    """
    decibels = log_mel(samples, rate_hz, fft=fft, hop=hop, mels=mels, floor_db=None)[:-1].T
    decibels = np.maximum(decibels, decibels.max() - np.float32(_FLOOR_DB))
    return np.ascontiguousarray((decibels / 10 + 4) / 4, dtype=np.float32)
