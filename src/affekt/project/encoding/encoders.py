"""Encoders by name: what turns lines, pictures or sounds into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from affekt.core.files.fingerprint import fingerprint
from affekt.media.image.read import resize
from affekt.media.sound import read_sound
from affekt.media.sound.spectrum import log_mel
from affekt.project.settings.encoding import (
    MODALITIES,
    EncodingSettings,
    LogMelEncoding,
    TextEncoding,
    ThumbnailEncoding,
)

RATE_HZ = 16000  # of log-mel spectrograms


@runtime_checkable
class Encoder(Protocol):
    """An encoder that is frozen.

    Attributes:
        name: What it is, in words.
        width: Size d of a vector.
        key: SHA-256 of all that its vectors depend on beside the input: settings and weights.
    """

    name: str
    width: int
    key: str

    def __call__(self, inputs: Sequence[Any]) -> np.ndarray:
        """Vectors (n, d) float32 of n lines, pictures (h, w, 3) uint8 RGB, or files with sound.

        Raises:
            MediaError: An input cannot be read.
        """
        ...


def make_encoders(settings: EncodingSettings) -> dict[str, Encoder]:
    """The encoders of a project by modality. Networks are read when they are first called.

    Raises:
        AffektError: A source is missing or does not fit, or needs a package that is not installed.
    """
    found: dict[str, Encoder] = {}
    for name in MODALITIES:
        chosen = getattr(settings, name)
        if chosen is not None:
            found[name] = _make(name, chosen)
    return found


def _make(modality: str, chosen: Any) -> Encoder:
    if isinstance(chosen, ThumbnailEncoding):
        return Thumbnails(chosen)
    if isinstance(chosen, LogMelEncoding):
        return LogMelStatistics(chosen)
    # Of the extra `train`, which baselines of numbers do without.
    from affekt.project.encoding.networks import MediaNetwork, TextNetwork

    if isinstance(chosen, TextEncoding):
        return TextNetwork(chosen)
    return MediaNetwork(chosen, "audio" if modality == "audio" else "video")


class Thumbnails:
    """Pictures as small squares, in [-1, 1]."""

    def __init__(self, settings: ThumbnailEncoding) -> None:
        self._size = settings.size
        self.name = f"thumbnail of {settings.size} x {settings.size} pixels"
        self.width = 3 * settings.size**2
        self.key = fingerprint("thumbnail", settings.size)

    def __call__(self, inputs: Sequence[np.ndarray]) -> np.ndarray:
        """Vectors of pictures (h, w, 3) uint8."""
        small = [resize(picture, self._size, self._size) for picture in inputs]
        return np.stack(small).reshape(len(small), -1).astype(np.float32) / np.float32(127.5) - 1


class LogMelStatistics:
    """Mean and standard deviation of a log-mel spectrogram over time, in 100 dB."""

    def __init__(self, settings: LogMelEncoding) -> None:
        self._mels = settings.mels
        self.name = f"mean and deviation of {settings.mels} log-mel bands"
        self.width = 2 * settings.mels
        self.key = fingerprint("log_mel", settings.mels, RATE_HZ)

    def __call__(self, inputs: Sequence[Any]) -> np.ndarray:
        """Vectors of files with sound."""
        rows = [
            log_mel(read_sound(file, rate_hz=RATE_HZ).samples[0], RATE_HZ, fft=1024, hop=256, mels=self._mels)
            for file in inputs
        ]
        return np.stack([np.concatenate([it.mean(axis=0), it.std(axis=0)]) for it in rows]) / np.float32(100)
