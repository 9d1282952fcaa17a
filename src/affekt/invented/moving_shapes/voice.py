"""What moving shapes sing with: a voice of overtones, and the clicks, beeps and air that lie around it."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

HUM_HZ = 225.0  # pitch of the average voice at rest
REST = 0.2  # how loud a voice hums; the event is a little louder, however it is told
HUM = (1.6, 4)  # how fast its overtones fall off, and how many there are
TABLE = 4096  # samples of one period of a voice; a power of two
HIGHEST_HZ = (
    900.0  # a voice's highest pitch, with method to spare: overtones beyond half the rate are left out
)


def voice(turns: np.ndarray, fall: float, overtones: int, rate_hz: int) -> np.ndarray:
    """A periodic tone with root mean square 1/2, at so many turns of its period.

    Args:
        fall: How fast the overtones fall off: bright below 1, dull above 2.
        overtones: How many there are, as far as they lie below half of `rate_hz`.
    """
    harmonics = np.arange(1, min(overtones, int(rate_hz / 2 / HIGHEST_HZ)) + 1)
    weights = harmonics ** (-fall)
    # Phases that grow with the square keep the peaks of many overtones low (Schroeder 1970).
    phases = np.pi * harmonics**2 / len(harmonics)
    place = (2 * np.pi / TABLE * np.arange(TABLE)[:, None]).astype(np.float32)
    period = (weights * np.sin(harmonics * place + phases)).sum(axis=1)
    period *= 0.5 / np.sqrt(np.mean(period**2))
    return period.astype(np.float32)[(turns * TABLE).astype(np.int64) & (TABLE - 1)]


def click(rate_hz: int, rng: np.random.Generator) -> np.ndarray:
    """Something small that falls down."""
    burst = rng.standard_normal(round(0.05 * rate_hz))
    burst *= np.exp(-np.arange(len(burst)) / (0.008 * rate_hz))
    return 0.25 * rng.uniform(0.5, 1) * burst


def beep(pitch: float, brightness: float, rate_hz: int) -> np.ndarray:
    """A short tone, so many semitones above the average voice."""
    count = round(0.22 * rate_hz)
    turns = np.arange(count) * (HUM_HZ * 2 ** (pitch / 12)) / rate_hz
    return 0.2 * np.hanning(count) * voice(turns, HUM[0] / brightness, HUM[1], rate_hz)


def air(count: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of the method, a little dull."""
    return np.asarray(lfilter([0.35], [1, -0.82], rng.standard_normal(count, dtype=np.float32)))


def add(sound: np.ndarray, part: np.ndarray, at: int) -> None:
    """Add a part that may reach beyond the end."""
    end = min(at + len(part), len(sound))
    sound[at:end] += part[: end - at]
