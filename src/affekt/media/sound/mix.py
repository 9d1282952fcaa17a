"""Mixing to one channel: the mean of the channels, unless they cancel each other."""

from __future__ import annotations

import numpy as np

from affekt.core.notes import note

# Power of the mean of the channels, relative to that of uncorrelated channels. It is the number of channels
# for equal channels and 1 for uncorrelated ones; ordinary stereo stays above 0.1. Below 0.01, -20 dB, the
# channels have opposite phase: a microphone or cable was connected with reversed polarity.
CANCELLED = 0.01
INAUDIBLE = 1e-9  # mean square of the channels, -90 dBFS, below which cancellation is not checked
_PREFERRED = 4.0  # the first channel is used unless another one has this many times its power

CANCELLED_NOTE = "its channels are of opposite phase and would cancel each other: only one channel is used"
FIRST_SILENT_NOTE = "its first channel is silent: the loudest channel is used instead"


class Mixer:
    """Mixes the blocks of one sound; once a channel is chosen it is kept, so that the phase does not jump."""

    def __init__(self) -> None:
        self._channel: int | None = None

    def __call__(self, block: np.ndarray) -> np.ndarray:
        """(1, n) of (c, n) float32."""
        if len(block) == 1:
            return block
        mixed = mean_channel(block)
        total, left = _energy(block), _energy(mixed)
        # The mean of c uncorrelated channels has 1 / c² of their energy. Comparisons with NaN are false: such
        # blocks are refused later.
        if total > INAUDIBLE * block.size and left < CANCELLED * total / len(block) ** 2:
            if self._channel is None:
                self._channel = _chosen(_power(block))
                note(CANCELLED_NOTE)
            return block[self._channel : self._channel + 1]
        return mixed


def one_channel(samples: np.ndarray) -> np.ndarray:
    """The first channel (n,) of (c, n), for networks that use only this one; the loudest if it is silent."""
    if len(samples) > 1:
        power = _power(samples)
        if power[0] <= INAUDIBLE < power.max():
            note(FIRST_SILENT_NOTE)
            return samples[int(power.argmax())]
    return samples[0]


def mean_channel(block: np.ndarray) -> np.ndarray:
    """(1, n), added row by row: numpy's mean takes thirty times as long for interleaved channels."""
    if len(block) == 1:
        return block
    total = block[0] + block[1]
    for row in block[2:]:
        total += row
    total *= np.float32(1 / len(block))
    return total[None]


def _energy(block: np.ndarray) -> float:
    """Sum of squares, in memory order: thirty times as fast as by channel."""
    values = block.ravel(order="K")
    return float(np.dot(values, values))


def _power(block: np.ndarray) -> np.ndarray:
    """Mean square of each channel, (c,)."""
    return np.array([float(np.dot(row, row)) for row in block]) / max(block.shape[1], 1)


def _chosen(power: np.ndarray) -> int:
    loudest = int(power.argmax())
    return 0 if power[loudest] < _PREFERRED * power[0] else loudest
