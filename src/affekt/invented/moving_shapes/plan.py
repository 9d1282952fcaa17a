"""The plan of a clip of moving shapes: its performer, when its event takes place, times of distractors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

RAMP_S = 0.2  # duration of fading an event in and out

EVENTS, PERFORMERS, PICTURES, SOUNDS = range(4)  # independent random streams


class ClipPlan(NamedTuple):
    """Everything about a clip that is fixed before rendering. Times in seconds from its start.

    Attributes:
        seed: Seed of the corpus.
        number: Number of the clip in the corpus.
        performer: Number of its performer.
        is_positive: Valence, expressed only by the picture.
        is_aroused: Arousal, expressed only by the sound.
        start_s, end_s: The informative event; the rest of the clip does not depend on the label.
    """

    seed: int
    number: int
    performer: int
    is_positive: bool
    is_aroused: bool
    duration_s: float
    start_s: float
    end_s: float

    def rng(self, stream: int) -> np.random.Generator:
        """Random generator of this clip for one stream."""
        return np.random.default_rng([self.seed, stream, self.number])

    def activity(self, times_s: np.ndarray) -> np.ndarray:
        """Strength of the event at each time, from 0 to 1, with soft ends inside the event."""
        inside = np.minimum(times_s - self.start_s, self.end_s - times_s) / RAMP_S
        return smoothstep(np.clip(inside, 0, 1))

    def bumps(self, times_s: np.ndarray, centers_s: np.ndarray, width_s: float) -> np.ndarray:
        """Short smooth pulses (len(centers_s), len(times_s)) from 0 to 1; 0 during the event."""
        near = smoothstep(np.clip(1 - np.abs(times_s - centers_s[:, None]) / width_s, 0, 1))
        return near * ((times_s < self.start_s) | (times_s >= self.end_s))

    def moments_outside(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Random times (count,) before or after the event, uniform over the rest of the clip."""
        at = rng.uniform(0, self.duration_s - (self.end_s - self.start_s), count)
        return np.where(at < self.start_s, at, at + self.end_s - self.start_s)


class Performer(NamedTuple):
    """Appearance and voice of a subject: what all of its clips have in common.

    Attributes:
        hue: Rotation of the palette, in degrees.
        background_hue: Hue of the background, in degrees.
        size: Size of its shapes, relative to the average.
        roundness: Roundness of its shapes: 0 boxes, 1 discs.
        pitch: Pitch of its voice, in semitones from the average.
        brightness: Strength of the overtones of its voice, relative to the average.
        tempo: Speed of its movements and phrases, relative to the average.
    """

    hue: float
    background_hue: float
    size: float
    roundness: float
    pitch: float
    brightness: float
    tempo: float


def make_performer(seed: int, number: int, noise: float) -> Performer:
    """The performer of a number; without noise all are identical."""
    rng = np.random.default_rng([seed, PERFORMERS, number])
    hue, ground, size, roundness, pitch, brightness, tempo = noise * rng.uniform(-1, 1, 7)
    return Performer(
        hue=12.0 * float(hue),
        background_hue=225.0 + 60.0 * float(ground),
        size=1.0 + 0.12 * float(size),
        roundness=min(max(0.55 + 0.45 * float(roundness), 0.0), 1.0),
        pitch=3.5 * float(pitch),
        brightness=1.0 + 0.3 * float(np.clip(brightness, -1, 1)),
        tempo=1.0 + 0.1 * float(np.clip(tempo, -1, 1)),
    )


def smoothstep(x: np.ndarray) -> np.ndarray:
    """Smoothstep from 0 to 1."""
    return x * x * (3 - 2 * x)
