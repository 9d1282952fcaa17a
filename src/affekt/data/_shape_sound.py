"""How a clip of moving shapes sounds: one voice that hums, and during the event calls or sighs.

All numbers were chosen by listening with the eyes, on spectrograms.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from affekt.data._shape_story import SOUNDS, Story, Troupe

HUM_HZ = 225.0  # pitch of the average voice at rest
REST = 0.2  # how loud a voice hums; the event is a little louder, however it is told
TABLE = 4096  # samples of one period of a voice; a power of two
HIGHEST_HZ = 900.0  # a voice's highest pitch, with room to spare: overtones beyond half the rate are left out
OVERTONES = {  # how fast they fall off
    "hum": (1.6, 4),
    "call": (0.6, 12),
    "sigh": (2.6, 3),
}


def sing(story: Story, troupe: Troupe, rate_hz: int, tells: float, noise: float) -> np.ndarray:
    """Samples (n,), float32 in [-1, 1], of the whole clip.

    Aroused: the voice jumps up and calls fast, rough and bright. Quiet: it sinks and sighs slowly and softly.

    Args:
        tells: How plainly the event is heard; 0 leaves nothing to hear.
        noise: How much there is beside it.
    """
    rng = story.chance(SOUNDS)
    # float32: sines of it are many times quicker, and exact enough for all but the phase of the voice.
    t = (np.arange(round(story.duration_s * rate_hz)) / rate_hz).astype(np.float32)
    on = story.shown(t)
    plain = tells * (1 - 0.35 * min(noise, 1.0) * rng.random())

    rest = troupe.pitch + noise * rng.uniform(-1, 1) + 0.3 * np.sin(2 * np.pi * rng.uniform(0.2, 0.5) * t)
    leap = rng.uniform(9, 13) if story.is_aroused else rng.uniform(-8, -5)
    pitch_hz = HUM_HZ * np.exp2((rest + plain * leap * on) / 12)
    turns = np.cumsum(pitch_hz, dtype=np.float64) / rate_hz + rng.random()

    pulse = troupe.tempo * (rng.uniform(5.5, 7.5) if story.is_aroused else rng.uniform(0.9, 1.4))
    swing = 0.5 + 0.5 * np.sin(2 * np.pi * (pulse * t + rng.random()))
    if story.is_aroused:
        rough = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(55, 75) * t)
        gate = (1 - 0.85 * plain * on * (1 - np.sqrt(swing))) * (1 - 0.6 * plain * on * rough)
        manner, level = "call", 0.42
    else:
        gate = 1 - 0.8 * plain * on * (1 - swing)
        manner, level = "sigh", 0.38
    hum = _voice(turns, "hum", rate_hz, troupe.brightness)
    told = _voice(turns, manner, rate_hz, troupe.brightness)
    mixed = (REST + (level - REST) * plain * on) * gate * (hum + plain * on * (told - hum))

    loudness = 10 ** (noise * rng.uniform(-3, 3) / 20)
    sound = loudness * mixed + _distractions(story, troupe, t, rate_hz, rng, noise)
    air = np.asarray(lfilter([0.35], [1, -0.82], rng.standard_normal(len(t), dtype=np.float32)))
    return np.clip(sound + 0.012 * noise * air, -1, 1).astype(np.float32)


def _distractions(
    story: Story, troupe: Troupe, t: np.ndarray, rate_hz: int, rng: np.random.Generator, noise: float
) -> np.ndarray:
    """Clicks and beeps outside the event that say nothing: their pitch and number are drawn by chance."""
    sound = np.zeros_like(t)
    for at in story.moments_outside(rng, int(rng.integers(3, 7))):
        burst = rng.standard_normal(round(0.05 * rate_hz))
        burst *= np.exp(-np.arange(len(burst)) / (0.008 * rate_hz))
        _add(sound, 0.25 * rng.uniform(0.5, 1) * burst, round(at * rate_hz))
    for at in story.moments_outside(rng, int(rng.integers(1, 4))):
        beep_hz = HUM_HZ * 2 ** ((troupe.pitch + rng.uniform(-8, 13)) / 12)
        count = round(0.22 * rate_hz)
        beep = _voice(np.arange(count) * beep_hz / rate_hz, "hum", rate_hz, troupe.brightness)
        _add(sound, 0.2 * np.hanning(count) * beep, round(at * rate_hz))
    outside = (t < story.start_s) | (t >= story.end_s)
    return min(noise, 1.0) * outside * sound


def _add(sound: np.ndarray, part: np.ndarray, at: int) -> None:
    """Add a part that may reach beyond the end."""
    end = min(at + len(part), len(sound))
    sound[at:end] += part[: end - at]


def _voice(turns: np.ndarray, manner: str, rate_hz: int, brightness: float) -> np.ndarray:
    """A periodic tone with root mean square 1/2, at so many turns of its period."""
    fall, count = OVERTONES[manner]
    harmonics = np.arange(1, min(count, int(rate_hz / 2 / HIGHEST_HZ)) + 1)
    weights = harmonics ** (-fall / brightness)
    # Phases that grow with the square keep the peaks of many overtones low (Schroeder 1970).
    phases = np.pi * harmonics**2 / len(harmonics)
    place = (2 * np.pi / TABLE * np.arange(TABLE)[:, None]).astype(np.float32)
    period = (weights * np.sin(harmonics * place + phases)).sum(axis=1)
    period *= 0.5 / np.sqrt(np.mean(period**2))
    return period.astype(np.float32)[(turns * TABLE).astype(np.int64) & (TABLE - 1)]
