"""Opened sound tracks: what all have in common, and those in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.errors import MediaError
from affekt.media.sound.waveform import MAX_CHANNELS, Waveform, checked_rate

BLOCK = 2**16  # samples that are handled at once
PREROLL_S = 0.5  # decoded before a span and dropped: decoders build on what came before (Opus 80 ms)


class NoSound(MediaError):
    """There is no sound track."""


class PassSummary(NamedTuple):
    """What one pass through a track gave, in seconds.

    Attributes:
        covered_s: From where the pass began to where it ended.
        lost_s: Of these, what was damaged or missing: silence stands there.
        before_s: Sound before the first picture, which the pass left out.
        ends_s: Where the sound ended, and
        stated_s: where the file says that it ends: both only where the pass came to the end of the file and
            the file states it reliably.
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
    exact: bool  # floating-point numbers as they were written, no codec between

    def blocks(self, first: int) -> Iterator[np.ndarray]:
        """Everything from a position on, as (c, n) float32; one such walk at a time."""
        ...

    def probe(self) -> np.ndarray:
        """Values from all over the track, or from its beginning, (n,); only asked for where it is `exact`."""
        ...

    def summary(self, stop: int | None) -> PassSummary:
        """What the latest walk gave so far, up to a position if not all that it read was wanted."""
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
        """There is nothing to close."""


def check_format(name: str, rate_hz: int, channels: int) -> None:
    """Refuse what no sound has.

    Raises:
        MediaError: The number of channels or the rate is outside of what sound has.
    """
    checked_rate(name, rate_hz)
    if not 0 < channels <= MAX_CHANNELS:
        raise MediaError(f"{name} states {channels} channels; 1 to {MAX_CHANNELS} are read")
