"""Opened sound tracks: their protocol, and tracks in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.errors import MediaError
from affekt.media.sound.waveform import MAX_CHANNELS, Waveform, checked_rate

BLOCK = 2**16  # samples that are processed at once
PREROLL_S = 0.5  # decoded before a span and dropped: decoders depend on previous packets (Opus 80 ms)


class NoSound(MediaError):
    """There is no sound track."""


class PassSummary(NamedTuple):
    """Summary of one pass through a track, in seconds.

    Attributes:
        covered_s: Length of the pass.
        lost_s: Damaged or missing part of it, replaced by silence.
        before_s: Sound before the first picture, which the pass left out.
        ends_s: End of the sound; None unless the pass reached the end of a file that states its end reliably.
        stated_s: End of the sound as the file states it; None in the same cases.
    """

    covered_s: float = 0.0
    lost_s: float = 0.0
    before_s: float = 0.0
    ends_s: float | None = None
    stated_s: float | None = None


@runtime_checkable
class Track(Protocol):
    """One sound track, open. Positions count samples at its own rate from second 0 of the clock."""

    name: str
    rate_hz: int
    channels: int
    exact: bool  # uncompressed floating-point numbers, without a codec

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        """All samples from a position on, as (c, n) float32; one such pass at a time."""
        ...

    def probe(self) -> np.ndarray:
        """Values spread over the track, or from its beginning, (n,); used only for an `exact` track."""
        ...

    def summary(self, stop: int | None) -> PassSummary:
        """Summary of the latest pass so far, up to a position if later samples were not required."""
        ...

    def end(self) -> int:
        """Position after the last sample that can be decoded."""
        ...

    def stated_s(self) -> float | None:
        """End of the sound as the file states it, if it does."""
        ...

    def close(self) -> None: ...


class DecodedSound:
    """A track of sound in memory."""

    def __init__(self, waveform: Waveform) -> None:
        self._samples = waveform.samples
        if not self._samples.size:
            raise NoSound("the sound in memory holds no sample")
        self.name, self.exact = "sound in memory", True
        self.rate_hz, self.channels = waveform.rate_hz, self._samples.shape[0]
        check_format(self.name, self.rate_hz, self.channels)

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        for start in range(first, self._samples.shape[1], BLOCK):
            yield self._samples[:, start : start + BLOCK]

    def probe(self) -> np.ndarray:
        return self._samples.ravel()

    def summary(self, stop: int | None) -> PassSummary:
        return PassSummary()

    def end(self) -> int:
        return self._samples.shape[1]

    def stated_s(self) -> float:
        return self.end() / self.rate_hz

    def close(self) -> None:
        """Nothing to close."""


def check_format(name: str, rate_hz: int, channels: int) -> None:
    """Refuse an implausible rate or number of channels.

    Raises:
        MediaError: The number of channels or the rate is out of range.
    """
    checked_rate(name, rate_hz)
    if not 0 < channels <= MAX_CHANNELS:
        raise MediaError(f"{name} states {channels} channels; 1 to {MAX_CHANNELS} are read")
