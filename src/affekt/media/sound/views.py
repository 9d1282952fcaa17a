"""Trimming of silence, and augmentation for training. Pure functions of arrays and a random generator.

Spectrograms are power in dB, (frames, bands), as from `affekt.media.sound.spectrum.log_mel`.
"""

from __future__ import annotations

import numpy as np
import soxr

from affekt.core.errors import MediaError

SILENT_DB = -90.0  # relative to full scale; the last bit of 16-bit sound is noise

_WINDOW_S, _STEP_S = 0.025, 0.010  # of the power that is compared with the threshold of silence
_NOISE_TILT_DB = (-10.0, 5.0)  # at the highest band; from rumble to hiss
_NOISE_SHAPE = 3.0  # a mel band averages a few bins: its noise has a gamma distribution of about this shape


def sounding_span(samples: np.ndarray, rate_hz: int, *, below_db: float, margin_s: float) -> tuple[int, int]:
    """First sample, and the one after the last, without the silence at both ends.

    Args:
        samples: (n,) in [-1, 1].
        below_db: Sound more than this below the loudest 25 ms is silence.
        margin_s: Silence that is kept at each end, if there is that much.

    Raises:
        MediaError: No 25 ms are louder than `SILENT_DB`.

    Example:
        >>> beep = np.concatenate([np.zeros(800), np.ones(800), np.zeros(800)])
        >>> sounding_span(beep.astype(np.float32), 1000, below_db=35.0, margin_s=0.1)
        (680, 1715)
    """
    window, step = max(1, round(_WINDOW_S * rate_hz)), max(1, round(_STEP_S * rate_hz))
    # Cumulative sums; double precision keeps their differences accurate enough.
    sums = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    starts = np.arange(0, max(len(samples) - window, 0) + 1, step)
    stops = np.minimum(starts + window, len(samples))
    power = (sums[stops] - sums[starts]) / np.maximum(stops - starts, 1)
    loudest = power.max()
    if loudest <= 10 ** (SILENT_DB / 10):
        raise MediaError(f"the recording is silent: nothing is louder than {SILENT_DB:g} dBFS")
    loud = np.flatnonzero(power > loudest * 10 ** (-below_db / 10))
    margin = round(margin_s * rate_hz)
    stop = min(int(stops[loud[-1]]) + margin, len(samples))
    return max(int(starts[loud[0]]) - margin, 0), stop


def stretched(samples: np.ndarray, length: float) -> np.ndarray:
    """Sound resampled to `length` times its duration; the pitch changes as on a slower tape."""
    return samples if length == 1.0 else soxr.resample(samples, 1.0, length)


def coloured(decibels: np.ndarray, rng: np.random.Generator, *, gain_db: float, tilt_db: float) -> np.ndarray:
    """Random gain and spectral tilt.

    Args:
        gain_db: Largest change of all bands.
        tilt_db: Largest change of the highest band; the lowest band changes by the opposite amount.
    """
    gain, tilt = rng.uniform(-gain_db, gain_db), rng.uniform(-tilt_db, tilt_db)
    return decibels + (gain + tilt * _slope(decibels)).astype(decibels.dtype)


def noisy(decibels: np.ndarray, rng: np.random.Generator, *, snr_db: tuple[float, float]) -> np.ndarray:
    """Add the power of stationary noise with a random spectral tilt.

    Args:
        snr_db: Smallest and largest signal-to-noise ratio, before the tilt.
    """
    power = np.power(10, decibels / 10, dtype=decibels.dtype)
    level = float(power.mean()) * 10 ** (-rng.uniform(*snr_db) / 10)
    colour = 10 ** (rng.uniform(*_NOISE_TILT_DB) * _slope(decibels) / 10)
    noise = rng.standard_gamma(_NOISE_SHAPE, decibels.shape, np.float32) / np.float32(_NOISE_SHAPE)
    return 10 * np.log10(power + noise * (level * colour).astype(decibels.dtype))


def masked(rows: np.ndarray, rng: np.random.Generator, *, count: int, frames: int, bands: int) -> np.ndarray:
    """Set random ranges of frames and of bands to zero.

    Args:
        rows: (frames, bands), already normalised: zero is the mean.
        count: Number of ranges of each kind.
        frames: Longest range of frames.
        bands: Widest range of bands.

    Source: Park et al., SpecAugment, Interspeech 2019.
    """
    blank = rows.copy()
    for _ in range(count):
        start, stop = _random_range(rng, bands, rows.shape[1])
        blank[:, start:stop] = 0
        start, stop = _random_range(rng, frames, rows.shape[0])
        blank[start:stop] = 0
    return blank


def _slope(decibels: np.ndarray) -> np.ndarray:
    """Values from -1 at the lowest band to 1 at the highest."""
    return np.linspace(-1, 1, decibels.shape[1])


def _random_range(rng: np.random.Generator, longest: int, size: int) -> tuple[int, int]:
    length = int(rng.integers(0, min(longest, size) + 1))
    start = int(rng.integers(0, size - length + 1))
    return start, start + length
