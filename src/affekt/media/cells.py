"""Cells of time: 16 frames of a video, and the log-mel spectrogram rows of the same interval.

An untrimmed video is read once, from beginning to end, with a few cells in memory at a time. All spectrogram
rows are kept: two hours of sound at 30 frames per second take 104 MB.

Source: Zhang & Yang, Temporal Sentiment Localization: Listen and Look in Untrimmed Videos, ACM MM 2022
(TSL-Net), the paper and its reference.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from affekt.core.errors import MediaError, UsageError
from affekt.media.sound import MAX_RATE_HZ, MIN_RATE_HZ, SoundSource, sound_blocks
from affekt.media.sound.spectrum import Padding, log_mel_of_blocks
from affekt.media.video import Video
from affekt.media.video.snippets import MEAN

CELL_FRAMES = 16
CELL_ROWS = 32  # two spectrogram rows per frame
MELS = 60
FFT, HOP = 2048, 1024
FLOOR_DB = 80.0  # below the loudest value of the whole sound

# The reference's factors, in its order: the rounded-down result depends on the order.
_SLOWEST_HZ, _SOUND_HZ, _FOURFOLD, _TWOFOLD = 19.916666666666668, 44100, 4.323882352941176, 1.9992360580595874


class PixelScale(NamedTuple):
    """How a network scales pixels: `factor * pixel + shift`, with pixels from 0 to 255."""

    factor: float
    shift: float


# For the networks of layers/frame_encoders.py.
PIXEL_SCALES = {
    "i3d": PixelScale(2 / 255, -1.0),  # [-1, 1]
    "resnet_3d": PixelScale(1 / 255, -float(MEAN)),
}


def cell_count(frames: int, *, cell_frames: int = CELL_FRAMES) -> int:
    """Number of cells of a video with this many frames; the last one may be padded.

    Example:
        >>> cell_count(16), cell_count(17)
        (1, 2)
    """
    return -(-frames // cell_frames)


def frame_cells(
    video: Video, *, frames: int = CELL_FRAMES, height: int | None = None, size: int = 224, cells: int = 8
) -> Iterator[np.ndarray]:
    """Consecutive frames of a video, decoded once: (n, frames, size, size, 3) uint8, n = `cells` or fewer.

    The decoder scales the shorter side to `height`; the central square is then cut out without scaling. The
    last cell is padded with black frames, as in the paper.

    Args:
        frames: Frames per cell.
        height: Pixels of the shorter side before the square is cut out; None: `size`, so that the square is
            as large as possible.
        size: Side of the square, in pixels.
        cells: Cells yielded at a time; memory holds this many.

    Raises:
        MediaError: Nothing can be decoded, or the file is gone.
        UsageError: A size is out of range, or the square is larger than the picture.
    """
    side = size if height is None else height
    if not (frames > 0 and cells > 0 and 0 < size <= side):
        raise UsageError(
            f"{cells} cells of {frames} frames, a square of {size} from {side} pixels: "
            "numbers above zero and a square no larger than the picture are needed"
        )
    return _frame_cells(video, frames, side, size, cells)


def as_encoded(cells: np.ndarray, encoder: str) -> np.ndarray:
    """The input of an encoder of layers/frame_encoders.py, (n, 3, t, h, w) float32.

    Args:
        cells: (n, t, h, w, 3) uint8, as from `frame_cells`.
        encoder: One of `PIXEL_SCALES`.
    """
    scale = PIXEL_SCALES[encoder]
    pixels = np.moveaxis(cells, -1, -4).astype(np.float32, order="C")
    pixels *= np.float32(scale.factor)
    pixels += np.float32(scale.shift)
    return pixels


def log_mel_rate(rate_hz: float) -> int:
    """Sampling rate, in Hz, that gives two spectrogram rows per frame of a video at `rate_hz`.

    parity: it gives 2.0011 rows per frame, so that sound is 0.2 s ahead of the picture after six minutes.

    Raises:
        UsageError: Sound cannot be resampled to such a rate.

    Example:
        >>> log_mel_rate(25.0), log_mel_rate(30.0)
        (51228, 61474)
    """
    wanted = rate_hz / _SLOWEST_HZ * _SOUND_HZ / _FOURFOLD * 4 / _TWOFOLD * 2
    if not (math.isfinite(wanted) and MIN_RATE_HZ <= wanted < MAX_RATE_HZ + 1):
        raise UsageError(
            f"a video of {rate_hz} frames per second needs sound at {wanted:.0f} Hz; "
            f"{MIN_RATE_HZ} to {MAX_RATE_HZ} is possible"
        )
    return int(wanted)


def log_mel_rows(
    source: SoundSource,
    rate_hz: float,
    *,
    span_s: tuple[float, float] | None = None,
    padding: Padding = "constant",
    block_s: float = 10.0,
) -> np.ndarray:
    """Log-mel spectrogram of a sound (rows, 60) float32 in dB, about two rows per frame of the video.

    One channel, resampled to `log_mel_rate`; windows of 2048 samples, hop of 1024; 60 bins up to half the
    rate; dB relative to 1, limited to 80 dB below the loudest value of the sound. The sound is streamed.

    Args:
        rate_hz: Frames per second of the video.
        span_s: Start and end of the part to read, in seconds.
        padding: How the ends are padded. The reference requires librosa 0.9.1, which pads with silence.
        block_s: Seconds decoded at a time; it does not affect the result.

    Raises:
        NoSound: The file has no sound track, or an empty one.
        MediaError: The file cannot be used, or ends before the span.
        UsageError: The rate or the span is out of range.
    """
    sound_rate_hz = log_mel_rate(rate_hz)
    start_s, stop_s = (0.0, None) if span_s is None else span_s
    waves = sound_blocks(source, seconds=block_s, rate_hz=sound_rate_hz, start_s=start_s, stop_s=stop_s)
    return log_mel_of_blocks(
        (wave.samples[0] for wave in waves),
        sound_rate_hz,
        fft=FFT,
        hop=HOP,
        mels=MELS,
        padding=padding,
        floor_db=FLOOR_DB,
    )


def log_mel_cells(rows: np.ndarray) -> np.ndarray:
    """Sound input of a network: (n // 32, 32, 60) float32, (dB + 50) / 80, from rows (n, 60); a remainder is
    dropped.

    Raises:
        MediaError: The rows have another shape.
    """
    if rows.ndim != 2 or rows.shape[1] != MELS:
        raise MediaError(f"a log-mel spectrogram has shape (rows, {MELS}), found {rows.shape}")
    whole = len(rows) // CELL_ROWS
    cells = rows[: whole * CELL_ROWS].reshape(whole, CELL_ROWS, MELS)
    return (cells.astype(np.float32, copy=False) + np.float32(50)) / np.float32(80)


def _frame_cells(video: Video, frames: int, side: int, size: int, cells: int) -> Iterator[np.ndarray]:
    tall = video.height > video.width
    rows = max(1, round(video.height * side / video.width)) if tall else side
    group = np.zeros((cells, frames, size, size, 3), np.uint8)
    for number, picture in video.frames(height=rows):
        cell, frame = divmod(number, frames)
        if frame == 0 and cell and cell % cells == 0:
            yield group
            group = np.zeros_like(group)
        top, left = ((edge - size) // 2 for edge in picture.shape[:2])
        group[cell % cells, frame] = picture[top : top + size, left : left + size]
    last = cell_count(len(video), cell_frames=frames) % cells or cells
    yield group[:last]
