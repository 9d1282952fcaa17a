"""Opened sound tracks: what all have in common, and those in memory and in WAV files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import soundfile

from affekt.core.errors import MediaError

MAX_CHANNELS = 64
MAX_RATE_HZ = 768_000  # the fastest converters on the market
BLOCK = 2**16  # samples that are handled at once
PREROLL_S = 0.5  # decoded before a span and dropped: decoders build on what came before (Opus 80 ms)


@dataclass(frozen=True, slots=True)
class Waveform:
    """Sound in memory.

    Attributes:
        samples: (c, n) float32 in [-1, 1].
    """

    samples: np.ndarray
    rate_hz: int

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return self.samples.shape[1] / self.rate_hz


class NoSound(MediaError):
    """There is no sound track."""


@runtime_checkable
class Track(Protocol):
    """One sound track, open. Positions count samples at its own rate from second 0 of the clock."""

    name: str
    rate_hz: int
    channels: int
    exact: bool  # floating-point numbers as somebody wrote them, no codec between

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        """Everything from a position on, as (c, n) float32; one such walk at a time."""
        ...

    def end(self) -> int:
        """Position after the last sample that can be decoded."""
        ...

    def stated_s(self) -> float | None:
        """When the sound ends as the file states it, if it does."""
        ...

    def close(self) -> None: ...


class DecodedSound:
    """Sound that is in memory already."""

    def __init__(self, waveform: Waveform) -> None:
        samples = waveform.samples
        if samples.dtype != np.float32 or samples.ndim != 2:
            raise MediaError(
                f"samples must be float32 of shape (c, n), found {samples.dtype} of shape {samples.shape}"
            )
        if not samples.size:
            raise NoSound("the sound in memory holds no sample")
        self.name, self.exact = "sound in memory", True
        self.rate_hz, self.channels = waveform.rate_hz, samples.shape[0]
        self._samples = samples

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        for start in range(first, self._samples.shape[1], BLOCK):
            yield self._samples[:, start : start + BLOCK]

    def end(self) -> int:
        return self._samples.shape[1]

    def stated_s(self) -> float:
        return self.end() / self.rate_hz

    def close(self) -> None:
        pass


def is_wav(path: Path) -> bool:
    """By its first bytes. WAV is what libsndfile reads faster; FFmpeg saves more of cut-off FLAC and MP3."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[:4] in (b"RIFF", b"RF64") and head[8:] == b"WAVE"


class WavFile:
    """WAV and its wider relatives, read by libsndfile; it jumps to any sample exactly."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        # By its descriptor, so that no suffix is believed.
        self._bytes = path.open("rb", buffering=0)
        try:
            self._file = soundfile.SoundFile(self._bytes.fileno(), closefd=False)
            if self._file.format not in ("WAV", "WAVEX", "RF64"):
                raise soundfile.SoundFileRuntimeError(f"{self._file.format} is left to FFmpeg")
            self.rate_hz, self.channels = self._file.samplerate, self._file.channels
            self.exact = self._file.subtype in ("FLOAT", "DOUBLE")
            check_format(self.name, self.rate_hz, self.channels)
            if not self._file.frames:
                raise NoSound(f"{path} holds no sample")
            self._file.read(1)
        except BaseException:
            self._bytes.close()
            raise

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        if first >= self._file.frames:
            return
        try:
            self._file.seek(first)
            while len(block := self._file.read(BLOCK, dtype="float32", always_2d=True)):
                yield block.T
        except soundfile.LibsndfileError:
            return  # what follows is cut off or damaged

    def end(self) -> int:
        last = self._file.frames - 1
        if next(self.blocks(last), None) is not None:
            return last + 1
        return sum(block.shape[1] for block in self.blocks(0))

    def stated_s(self) -> float:
        return self._file.frames / self.rate_hz

    def close(self) -> None:
        self._file.close()
        self._bytes.close()


def check_format(name: str, rate_hz: int, channels: int) -> None:
    """Refuse what no sound has.

    Raises:
        MediaError: There are too many channels, or too many samples a second.
    """
    if not 0 < rate_hz <= MAX_RATE_HZ or not 0 < channels <= MAX_CHANNELS:
        raise MediaError(
            f"{name} states {channels} channels at {rate_hz} Hz; "
            f"at most {MAX_CHANNELS} at {MAX_RATE_HZ} Hz are read"
        )


def mean_channel(block: np.ndarray) -> np.ndarray:
    """(1, n). Row by row: numpy's own mean takes thirty times as long where channels are interleaved."""
    if len(block) == 1:
        return block
    total = block[0] + block[1]
    for row in block[2:]:
        total += row
    total *= np.float32(1 / len(block))
    return total[None]
