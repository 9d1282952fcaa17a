"""Sound synthesis for moving shapes: a voice of overtones, clicks, beeps and background noise."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

HUM_HZ = 225.0  # pitch of the average voice at rest
REST = 0.2  # RMS level of the hum; events are a little louder, whatever they express
HUM = (1.6, 4)  # decay exponent and number of its overtones
TABLE = 4096  # samples of one period of a voice; a power of two
HIGHEST_HZ = 900.0  # upper bound of a voice's pitch: overtones above half the sample rate are omitted


def voice(turns: np.ndarray, fall: float, overtones: int, rate_hz: int) -> np.ndarray:
    """A periodic tone with root mean square 1/2.

    Args:
        turns: Phase of each sample, in periods.
        fall: Decay exponent of the overtones: bright below 1, dull above 2.
        overtones: Their number; those above half of `rate_hz` are omitted.
    """
    harmonics = np.arange(1, min(overtones, int(rate_hz / 2 / HIGHEST_HZ)) + 1)
    weights = harmonics ** (-fall)
    # Quadratic phases keep the crest factor of many overtones low (Schroeder 1970).
    phases = np.pi * harmonics**2 / len(harmonics)
    place = (2 * np.pi / TABLE * np.arange(TABLE)[:, None]).astype(np.float32)
    period = (weights * np.sin(harmonics * place + phases)).sum(axis=1)
    period *= 0.5 / np.sqrt(np.mean(period**2))
    return period.astype(np.float32)[(turns * TABLE).astype(np.int64) & (TABLE - 1)]


def click(rate_hz: int, rng: np.random.Generator) -> np.ndarray:
    """A short decaying noise burst."""
    burst = rng.standard_normal(round(0.05 * rate_hz))
    burst *= np.exp(-np.arange(len(burst)) / (0.008 * rate_hz))
    return 0.25 * rng.uniform(0.5, 1) * burst


def beep(pitch: float, brightness: float, rate_hz: int) -> np.ndarray:
    """A short tone; `pitch` in semitones above the average voice."""
    count = round(0.22 * rate_hz)
    turns = np.arange(count) * (HUM_HZ * 2 ** (pitch / 12)) / rate_hz
    return 0.2 * np.hanning(count) * voice(turns, HUM[0] / brightness, HUM[1], rate_hz)


def background_noise(count: int, rng: np.random.Generator) -> np.ndarray:
    """Low-pass filtered noise, (count,)."""
    return np.asarray(lfilter([0.35], [1, -0.82], rng.standard_normal(count, dtype=np.float32)))


def add(sound: np.ndarray, part: np.ndarray, at: int) -> None:
    """Add a part at a sample position; samples beyond the end are dropped."""
    end = min(at + len(part), len(sound))
    sound[at:end] += part[: end - at]
