"""Channels to one: their mean, unless they cancel each other."""

from __future__ import annotations

import numpy as np

from affekt.core.notes import note

# Power of the mean of the channels, relative to that of channels that have nothing in common. Equal channels
# give their number, unrelated ones 1; ordinary stereo stays above 0.1. Below 0.01, 20 dB, the channels are of
# opposite phase: one of two microphones or cables was connected the wrong way round.
CANCELLED = 0.01
INAUDIBLE = 1e-9  # mean square of the channels, -90 dBFS: nothing can be cancelled there
_PREFERRED = 4.0  # the first channel is used unless another one has this many times its power

CANCELLED_NOTE = "its channels are of opposite phase and would cancel each other: one channel is heard alone"
FIRST_SILENT_NOTE = "its first channel is silent: its loudest channel is heard instead"


class Mixer:
    """Mixes the blocks of one sound; keeps to the channel once chosen, so that its phase does not jump."""

    def __init__(self) -> None:
        self._channel: int | None = None

    def __call__(self, block: np.ndarray) -> np.ndarray:
        """(1, n) of (c, n) float32."""
        if len(block) == 1:
            return block
        mixed = mean_channel(block)
        total, left = _energy(block), _energy(mixed)
        # Channels that have nothing in common keep 1 / c² of their energy. Comparisons with NaN are false:
        # such blocks are refused later.
        if total > INAUDIBLE * block.size and left < CANCELLED * total / len(block) ** 2:
            if self._channel is None:
                self._channel = _chosen(_power(block))
                note(CANCELLED_NOTE)
            return block[self._channel : self._channel + 1]
        return mixed


def one_channel(samples: np.ndarray) -> np.ndarray:
    """The first channel (n,) of (c, n), for networks that listen to it alone; another one if it is silent."""
    if len(samples) > 1:
        power = _power(samples)
        if power[0] <= INAUDIBLE < power.max():
            note(FIRST_SILENT_NOTE)
            return samples[int(power.argmax())]
    return samples[0]


def mean_channel(block: np.ndarray) -> np.ndarray:
    """(1, n). Row by row: numpy's own mean takes thirty times as long where channels are interleaved."""
    if len(block) == 1:
        return block
    total = block[0] + block[1]
    for row in block[2:]:
        total += row
    total *= np.float32(1 / len(block))
    return total[None]


def _energy(block: np.ndarray) -> float:
    """Sum of squares, in the order in which the values lie in memory: thirty times as fast as by channel."""
    values = block.ravel(order="K")
    return float(np.dot(values, values))


def _power(block: np.ndarray) -> np.ndarray:
    """Mean square of each channel, (c,)."""
    return np.array([float(np.dot(row, row)) for row in block]) / max(block.shape[1], 1)


def _chosen(power: np.ndarray) -> int:
    loudest = int(power.argmax())
    return 0 if power[loudest] < _PREFERRED * power[0] else loudest
