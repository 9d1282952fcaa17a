"""How a clip of moving shapes sounds: one voice that hums, and during the event calls or sighs.

All numbers were chosen by listening with the eyes, on spectrograms.
"""

from __future__ import annotations

import numpy as np

from affekt.invented.moving_shapes.plan import SOUNDS, Story, Troupe
from affekt.invented.moving_shapes.voice import HUM, HUM_HZ, REST, add, air, beep, click, voice

CALL, SIGH = (0.6, 12), (2.6, 3)  # as `HUM`: bright and dull


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
        (fall, overtones), level = CALL, 0.42
    else:
        gate = 1 - 0.8 * plain * on * (1 - swing)
        (fall, overtones), level = SIGH, 0.38
    hum = voice(turns, HUM[0] / troupe.brightness, HUM[1], rate_hz)
    told = voice(turns, fall / troupe.brightness, overtones, rate_hz)
    mixed = (REST + (level - REST) * plain * on) * gate * (hum + plain * on * (told - hum))

    loudness = 10 ** (noise * rng.uniform(-3, 3) / 20)
    sound = loudness * mixed + _distractions(story, troupe, t, rate_hz, rng, noise)
    return np.clip(sound + 0.012 * noise * air(len(t), rng), -1, 1).astype(np.float32)


def _distractions(
    story: Story, troupe: Troupe, t: np.ndarray, rate_hz: int, rng: np.random.Generator, noise: float
) -> np.ndarray:
    """Clicks and beeps outside the event that say nothing: their pitch and number are drawn by chance."""
    sound = np.zeros_like(t)
    for at in story.moments_outside(rng, int(rng.integers(3, 7))):
        add(sound, click(rate_hz, rng), round(at * rate_hz))
    for at in story.moments_outside(rng, int(rng.integers(1, 4))):
        add(sound, beep(troupe.pitch + rng.uniform(-8, 13), troupe.brightness, rate_hz), round(at * rate_hz))
    outside = (t < story.start_s) | (t >= story.end_s)
    return min(noise, 1.0) * outside * sound
