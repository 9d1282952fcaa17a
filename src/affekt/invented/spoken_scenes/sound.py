"""The sound of a line: a synthetic voice whose pitch, tempo and colour belong to the cue. All invented."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.invented.moving_shapes.voice import HUM_HZ, background_noise, voice
from affekt.invented.spoken_scenes.plan import LABELS, SILENT, SOUNDS, SPEAKERS, LinePlan
from affekt.media.sound import Waveform

RATE_HZ = 16000
HISS = 0.004


class Tone(NamedTuple):
    """How a voice sounds.

    Attributes:
        pitch, rise: In semitones above the average voice, and from the beginning to the end.
        beats_hz, depth: Rate and strength of the changes of loudness.
        fall: Decay exponent of the overtones; low is bright.
    """

    pitch: float
    rise: float
    beats_hz: float
    depth: float
    fall: float
    level: float


_TONES = {
    "anger": Tone(5, -3, 9.0, 0.6, 0.7, 0.5),
    "disgust": Tone(-4, -5, 5.0, 0.3, 1.1, 0.3),
    "fear": Tone(10, 1, 13.0, 0.5, 1.6, 0.25),
    "joy": Tone(6, 4, 4.0, 0.6, 1.0, 0.45),
    "neutral": Tone(0, 0, 3.0, 0.1, 1.6, 0.3),
    "sadness": Tone(-5, -3, 1.5, 0.4, 2.4, 0.2),
    "surprise": Tone(2, 10, 2.0, 0.2, 1.2, 0.4),
}


def sound_of_line(plan: LinePlan, noise: float) -> Waveform:
    """Mono sound of `RATE_HZ`; only hiss where the modality is silent."""
    rng = plan.rng(SOUNDS)
    times_s = np.arange(round(plan.duration_s * RATE_HZ)) / RATE_HZ
    samples = HISS * background_noise(len(times_s), rng)
    if plan.audio != SILENT:
        tone = _TONES[LABELS.names[plan.audio]]
        speaker = np.random.default_rng([plan.seed, SPEAKERS, plan.speaker])
        pitch = tone.pitch + noise * (1.5 * speaker.uniform(-1, 1) + 0.4 * rng.standard_normal())
        share = times_s / plan.duration_s
        hertz = HUM_HZ * 2 ** ((pitch + tone.rise * (share - 0.5)) / 12)
        beats = 0.5 + 0.5 * np.cos(2 * np.pi * (tone.beats_hz * times_s + rng.random()))
        ends = np.clip(np.minimum(share, 1 - share) / 0.08, 0, 1)
        sung = voice(np.cumsum(hertz) / RATE_HZ, tone.fall, 12, RATE_HZ)
        samples = samples + tone.level * ends * (1 - tone.depth * beats) * sung
    return Waveform(np.clip(samples, -1, 1).astype(np.float32)[None], RATE_HZ)
