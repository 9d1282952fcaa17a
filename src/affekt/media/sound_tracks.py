"""Opened sound tracks: what all have in common, and those in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

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
        """There is nothing to close."""


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
