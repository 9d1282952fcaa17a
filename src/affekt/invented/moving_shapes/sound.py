"""The sound of a clip of moving shapes: a voice that hums, and calls or sighs during the event.

All constants were chosen from spectrograms.
"""

from __future__ import annotations

import numpy as np

from affekt.invented.moving_shapes.plan import SOUNDS, ClipPlan, Performer
from affekt.invented.moving_shapes.voice import HUM, HUM_HZ, REST, add, background_noise, beep, click, voice

CALL, SIGH = (0.6, 12), (2.6, 3)  # as `HUM`: bright and dull


def synthesize(
    plan: ClipPlan, performer: Performer, rate_hz: int, cue_strength: float, noise: float
) -> np.ndarray:
    """Samples (n,), float32 in [-1, 1], of the whole clip.

    Aroused: the voice is higher, fast, rough and bright (a call). Calm: it is lower, slow and soft (a sigh).

    Args:
        cue_strength: Strength of the cues of the event; 0 makes it inaudible.
        noise: Strength of everything else: variation, distractors and background noise.
    """
    rng = plan.rng(SOUNDS)
    # float32: sines are many times faster, and precise enough for all but the phase of the voice.
    t = (np.arange(round(plan.duration_s * rate_hz)) / rate_hz).astype(np.float32)
    on = plan.activity(t)
    plain = cue_strength * (1 - 0.35 * min(noise, 1.0) * rng.random())

    rest = performer.pitch + noise * rng.uniform(-1, 1) + 0.3 * np.sin(2 * np.pi * rng.uniform(0.2, 0.5) * t)
    leap = rng.uniform(9, 13) if plan.is_aroused else rng.uniform(-8, -5)
    pitch_hz = HUM_HZ * np.exp2((rest + plain * leap * on) / 12)
    turns = np.cumsum(pitch_hz, dtype=np.float64) / rate_hz + rng.random()

    pulse = performer.tempo * (rng.uniform(5.5, 7.5) if plan.is_aroused else rng.uniform(0.9, 1.4))
    swing = 0.5 + 0.5 * np.sin(2 * np.pi * (pulse * t + rng.random()))
    if plan.is_aroused:
        rough = 0.5 + 0.5 * np.sin(2 * np.pi * rng.uniform(55, 75) * t)
        gate = (1 - 0.85 * plain * on * (1 - np.sqrt(swing))) * (1 - 0.6 * plain * on * rough)
        (fall, overtones), level = CALL, 0.42
    else:
        gate = 1 - 0.8 * plain * on * (1 - swing)
        (fall, overtones), level = SIGH, 0.38
    hum = voice(turns, HUM[0] / performer.brightness, HUM[1], rate_hz)
    expressive = voice(turns, fall / performer.brightness, overtones, rate_hz)
    mixed = (REST + (level - REST) * plain * on) * gate * (hum + plain * on * (expressive - hum))

    loudness = 10 ** (noise * rng.uniform(-3, 3) / 20)
    sound = loudness * mixed + _distractors(plan, performer, t, rate_hz, rng, noise)
    return np.clip(sound + 0.012 * noise * background_noise(len(t), rng), -1, 1).astype(np.float32)


def _distractors(
    plan: ClipPlan, performer: Performer, t: np.ndarray, rate_hz: int, rng: np.random.Generator, noise: float
) -> np.ndarray:
    """Clicks and beeps outside the event; their number and pitch are random and independent of the label."""
    sound = np.zeros_like(t)
    for at in plan.moments_outside(rng, int(rng.integers(3, 7))):
        add(sound, click(rate_hz, rng), round(at * rate_hz))
    for at in plan.moments_outside(rng, int(rng.integers(1, 4))):
        add(
            sound,
            beep(performer.pitch + rng.uniform(-8, 13), performer.brightness, rate_hz),
            round(at * rate_hz),
        )
    outside = (t < plan.start_s) | (t >= plan.end_s)
    return min(noise, 1.0) * outside * sound
