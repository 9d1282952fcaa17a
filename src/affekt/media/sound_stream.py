"""What is read of an opened track: mixed to one channel, resampled, within [-1, 1], piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

import numpy as np
import soxr

from affekt.core.errors import MediaError
from affekt.media.sound_tracks import BLOCK, PREROLL_S, Track, mean_channel

_OVERSHOOT = 4.0  # what lossy codecs and hot masters may reach; beyond it, the numbers mean something else
_QUALITY = "HQ"


def stream(track: Track, rate_hz: int, mono: bool, first: int) -> Iterator[np.ndarray]:
    """Pieces (c, n) at `rate_hz`, from output sample `first` on."""
    if rate_hz == track.rate_hz:
        for block in _gathered(track.blocks(first), mono):
            yield _tamed(block, track)
        return
    # A filter that starts in the middle must see what lies before, and stand where it stands in the whole:
    # input and output meet at every `period`.
    shared = math.gcd(rate_hz, track.rate_hz)
    period, native_period = rate_hz // shared, track.rate_hz // shared
    margin = math.ceil(PREROLL_S * rate_hz)
    periods = max(0, (first - margin) // period)
    surplus = first - periods * period
    channels = 1 if mono else track.channels
    resampler = soxr.ResampleStream(track.rate_hz, rate_hz, channels, dtype="float32", quality=_QUALITY)
    source = chain(_gathered(track.blocks(periods * native_period), mono), [None])
    for block in source:
        if block is None:
            values = np.zeros((0, channels), np.float32)
        else:
            values = np.ascontiguousarray(_tamed(block, track).T)
        piece = resampler.resample_chunk(values if channels > 1 else values[:, 0], last=block is None)
        piece = piece.reshape(-1, channels).T
        dropped = min(surplus, piece.shape[1])
        surplus -= dropped
        if dropped < piece.shape[1]:
            yield np.clip(piece[:, dropped:], -1, 1)


def _gathered(blocks: Iterator[np.ndarray], mono: bool) -> Iterator[np.ndarray]:
    """The same samples, mixed, in fewer blocks: codecs make frames of a few hundred."""
    waiting: list[np.ndarray] = []
    count = 0
    for block in blocks:
        if block.shape[1]:
            waiting.append(mean_channel(block) if mono else block)
            count += block.shape[1]
        if count >= BLOCK:
            yield np.concatenate(waiting, axis=1) if len(waiting) > 1 else waiting[0]
            waiting, count = [], 0
    if waiting:
        yield np.concatenate(waiting, axis=1)


def _tamed(block: np.ndarray, track: Track) -> np.ndarray:
    """Values in [-1, 1].

    Raises:
        MediaError: A file of plain numbers holds others than sound.
    """
    peak = max(-float(block.min()), float(block.max()))
    if peak <= 1:
        return block
    if track.exact and not peak <= _OVERSHOOT:  # nor NaN
        raise MediaError(f"{track.name} holds values up to {peak:g}; sound in floating point lies in [-1, 1]")
    return np.clip(np.nan_to_num(block), -1, 1)
