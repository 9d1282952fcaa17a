"""What is read of an opened track: mixed to one channel, resampled, within [-1, 1], piece by piece."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import soxr

from affekt.core.errors import MediaError
from affekt.core.notes import note
from affekt.media.sound.mix import Mixer
from affekt.media.sound.tracks import BLOCK, PREROLL_S, Track

_OVERSHOOT = 4.0  # what lossy codecs and hot masters may reach; beyond it, the numbers mean something else
_QUALITY = "HQ"
_PIECE = 2**18  # samples of each channel that resampling makes at once, however slow the sound is
_LEAST = 2**10  # samples of the file that are handled at once, however few are asked for
# Full scale of integers that are kept in floating point, and the range of peaks that tell them. Peaks between
# `_OVERSHOOT` and the first of these are ambiguous.
_LEAST_INTEGER_PEAK = 256.0
_FULL_SCALES = ((2.0**15, 16), (2.0**23, 24), (2.0**31, 32))


def stream(
    track: Track, rate_hz: int, mono: bool, first: int, count: int | None = None
) -> Iterator[np.ndarray]:
    """Pieces (c, n) at `rate_hz`, from output sample `first` on; none is larger than `BLOCK` or `_PIECE`.

    Args:
        count: Output samples that are wanted, if that is known: more may come, but not much is read for them.

    Raises:
        MediaError: A file of plain numbers holds others than sound.
    """
    scale = _full_scale(track)
    ratio = track.rate_hz / rate_hz
    if rate_hz == track.rate_hz:
        for block in _gathered(track.blocks(first), mono, _at_once(count, ratio)):
            yield _tamed(block, track, scale)
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
    """Values (n, c), `size` at most, and at the end an empty one with True."""
    channels = 1 if mono else track.channels
    for block in _gathered(track.blocks(first), mono, size):
        values = np.ascontiguousarray(_tamed(block, track, scale).T)
        for start in range(0, len(values), size):
            yield values[start : start + size], False
    yield np.zeros((0, channels), np.float32), True


def _at_once(count: int | None, ratio: float) -> int:
    """Samples of the file to handle at once where so many of the result are wanted."""
    return BLOCK if count is None else min(BLOCK, math.ceil(count * ratio) + _LEAST)


def _gathered(blocks: Iterator[np.ndarray], mono: bool, size: int) -> Iterator[np.ndarray]:
    """The same samples, mixed, in fewer blocks: codecs make frames of a few hundred."""
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
    """By what the numbers of a track are divided: 1, or the range of the integers that it plainly holds.

    Plainly: the loudest value is far above 1 and within that range, and half of all are above 1, so that a
    single wrong number does not count.
    """
    if not track.exact:
        return 1.0
    values = np.abs(track.probe())
    peak = float(values.max(initial=0.0))
    if not _LEAST_INTEGER_PEAK <= peak <= _FULL_SCALES[-1][0]:  # nor NaN
        return 1.0
    if float(np.median(values[values > 0])) <= 1.0:
        return 1.0
    scale, bits = next((scale, bits) for scale, bits in _FULL_SCALES if peak <= scale)
    note(f"its sound holds {bits}-bit numbers in floating point: it is divided by {scale:.0f}")
    return scale


def _tamed(block: np.ndarray, track: Track, scale: float) -> np.ndarray:
    """Values in [-1, 1].

    Raises:
        MediaError: A file of plain numbers holds others than sound.
    """
    if scale != 1.0:
        block = block / np.float32(scale)
    peak = max(-float(block.min()), float(block.max()))
    if peak <= 1:
        return block
    if track.exact and not peak <= _OVERSHOOT:  # nor NaN
        raise MediaError(
            f"{track.name} holds values up to {peak * scale:g}; sound in floating point lies in [-1, 1], "
            "or in the range of 16-, 24- or 32-bit numbers throughout"
        )
    return np.clip(np.nan_to_num(block), -1, 1)
