"""Samples of an opened track in pieces: mixed to one channel, resampled, within [-1, 1]."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import soxr

from affekt.core.errors import MediaError
from affekt.core.notes import note
from affekt.media.sound.mix import Mixer
from affekt.media.sound.tracks import BLOCK, PREROLL_S, Track

_OVERSHOOT = 4.0  # peak that lossy codecs and loud masters may reach; larger values have another scale
_QUALITY = "HQ"
_PIECE = 2**18  # maximum number of samples per channel that are resampled at once, for any source rate
_LEAST = 2**10  # minimum number of samples of the file that are processed at once
# Smallest peak of integers that are stored in floating point, and their possible full scales. Peaks between
# `_OVERSHOOT` and the smallest one are ambiguous.
_LEAST_INTEGER_PEAK = 256.0
_FULL_SCALES = ((2.0**15, 16), (2.0**23, 24), (2.0**31, 32))


def stream(
    track: Track, rate_hz: int, mono: bool, first: int, count: int | None = None
) -> Iterator[np.ndarray]:
    """Pieces (c, n) at `rate_hz`, from output sample `first` on; none is larger than `BLOCK` or `_PIECE`.

    Args:
        count: Required output samples, if known: little more is read, though more may be returned.

    Raises:
        MediaError: Values of an uncompressed floating-point file are out of range.
    """
    scale = _full_scale(track)
    ratio = track.rate_hz / rate_hz
    if rate_hz == track.rate_hz:
        for block in _gathered(track.blocks(first), mono, _at_once(count, ratio)):
            yield _limited(block, track, scale)
        return
    # A filter that starts in the middle needs the samples before, and the same phase as for the whole sound:
    # input and output samples coincide at every `period`.
    shared = math.gcd(rate_hz, track.rate_hz)
    period, native_period = rate_hz // shared, track.rate_hz // shared
    margin = math.ceil(PREROLL_S * rate_hz)
    periods = max(0, (first - margin) // period)
    surplus = first - periods * period
    channels = 1 if mono else track.channels
    resampler = soxr.ResampleStream(track.rate_hz, rate_hz, channels, dtype="float32", quality=_QUALITY)
    size = min(
        _at_once(None if count is None else surplus + count, ratio), max(_LEAST, math.ceil(_PIECE * ratio))
    )
    for values, is_last in _interleaved(track, periods * native_period, mono, size, scale):
        piece = resampler.resample_chunk(values if channels > 1 else values[:, 0], last=is_last)
        piece = piece.reshape(-1, channels).T
        dropped = min(surplus, piece.shape[1])
        surplus -= dropped
        if dropped < piece.shape[1]:
            yield np.clip(piece[:, dropped:], -1, 1)


def _interleaved(
    track: Track, first: int, mono: bool, size: int, scale: float
) -> Iterator[tuple[np.ndarray, bool]]:
    """Blocks of values (n, c), n at most `size`, with False; at the end an empty block with True."""
    channels = 1 if mono else track.channels
    for block in _gathered(track.blocks(first), mono, size):
        values = np.ascontiguousarray(_limited(block, track, scale).T)
        for start in range(0, len(values), size):
            yield values[start : start + size], False
    yield np.zeros((0, channels), np.float32), True


def _at_once(count: int | None, ratio: float) -> int:
    """Samples of the file to process at once if `count` samples of the result are required."""
    return BLOCK if count is None else min(BLOCK, math.ceil(count * ratio) + _LEAST)


def _gathered(blocks: Iterator[np.ndarray], mono: bool, size: int) -> Iterator[np.ndarray]:
    """The same samples, mixed, in fewer blocks: frames of codecs have only a few hundred samples."""
    waiting: list[np.ndarray] = []
    count = 0
    mixer = Mixer()
    for block in blocks:
        if block.shape[1]:
            waiting.append(block)
            count += block.shape[1]
        if count >= size:
            yield _joined(waiting, mixer if mono else None)
            waiting, count = [], 0
    if waiting:
        yield _joined(waiting, mixer if mono else None)


def _joined(blocks: list[np.ndarray], mixer: Mixer | None) -> np.ndarray:
    block = np.concatenate(blocks, axis=1) if len(blocks) > 1 else blocks[0]
    return block if mixer is None else mixer(block)


def _full_scale(track: Track) -> float:
    """Divisor of the values of a track: 1, or the full scale of integers stored in floating point.

    Integers are assumed if the peak is far above 1 and within their range, and half of all values are above
    1, so that a single wrong number does not count.
    """
    if not track.exact:
        return 1.0
    values = np.abs(track.probe())
    peak = float(values.max(initial=0.0))
    if not _LEAST_INTEGER_PEAK <= peak <= _FULL_SCALES[-1][0]:  # also for NaN
        return 1.0
    if float(np.median(values[values > 0])) <= 1.0:
        return 1.0
    scale, bits = next((scale, bits) for scale, bits in _FULL_SCALES if peak <= scale)
    note(f"its sound holds {bits}-bit numbers in floating point: it is divided by {scale:.0f}")
    return scale


def _limited(block: np.ndarray, track: Track, scale: float) -> np.ndarray:
    """Values scaled and clipped to [-1, 1].

    Raises:
        MediaError: Values of an uncompressed floating-point file are out of range.
    """
    if scale != 1.0:
        block = block / np.float32(scale)
    peak = max(-float(block.min()), float(block.max()))
    if peak <= 1:
        return block
    if track.exact and not peak <= _OVERSHOOT:  # also for NaN
        raise MediaError(
            f"{track.name} holds values up to {peak * scale:g}; sound in floating point lies in [-1, 1], "
            "or in the range of 16-, 24- or 32-bit numbers throughout"
        )
    return np.clip(np.nan_to_num(block), -1, 1)
