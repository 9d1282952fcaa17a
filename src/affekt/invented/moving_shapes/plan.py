"""What happens in a clip of moving shapes: who plays, when it tells, and what distracts from that."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

RAMP_S = 0.2  # in which a tell comes and goes

EVENTS, TROUPES, PICTURES, SOUNDS = range(4)  # streams of chance, so that none moves another


class Story(NamedTuple):
    """One clip before it is drawn. Times in seconds from its start.

    Attributes:
        seed, number: What chance starts from: of the corpus, and of the clip in it.
        troupe: Number of those who play.
        is_positive: Told by the picture alone.
        is_aroused: Told by the sound alone.
        start_s, end_s: The only part that tells anything.
    """

    seed: int
    number: int
    troupe: int
    is_positive: bool
    is_aroused: bool
    duration_s: float
    start_s: float
    end_s: float

    def chance(self, stream: int) -> np.random.Generator:
        """Numbers of this clip for one purpose."""
        return np.random.default_rng([self.seed, stream, self.number])

    def shown(self, times_s: np.ndarray) -> np.ndarray:
        """How far the tell is on at each time, from 0 to 1, with soft ends inside the event."""
        inside = np.minimum(times_s - self.start_s, self.end_s - times_s) / RAMP_S
        return smooth(np.clip(inside, 0, 1))

    def bumps(self, times_s: np.ndarray, centers_s: np.ndarray, width_s: float) -> np.ndarray:
        """Short soft bumps (len(centers_s), len(times_s)) from 0 to 1, nowhere on during the event."""
        near = smooth(np.clip(1 - np.abs(times_s - centers_s[:, None]) / width_s, 0, 1))
        return near * ((times_s < self.start_s) | (times_s >= self.end_s))

    def moments_outside(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Random times (count,) before or after the event, spread evenly over what is left of the clip."""
        at = rng.uniform(0, self.duration_s - (self.end_s - self.start_s), count)
        return np.where(at < self.start_s, at, at + self.end_s - self.start_s)


class Troupe(NamedTuple):
    """Who plays: what all clips of one subject have in common.

    Attributes:
        hue: Turn of the palette, in degrees.
        ground_hue: Of the background, in degrees.
        size: Of its shapes, by the average.
        roundness: Of its shapes: 0 boxes, 1 discs.
        pitch: Of its voice, in semitones from the average.
        brightness: Of its voice: how much the overtones count, by the average.
        tempo: By the average.
    """

    hue: float
    ground_hue: float
    size: float
    roundness: float
    pitch: float
    brightness: float
    tempo: float


def troupe_of(seed: int, number: int, noise: float) -> Troupe:
    """A troupe by its number; without noise all are alike."""
    rng = np.random.default_rng([seed, TROUPES, number])
    hue, ground, size, roundness, pitch, brightness, tempo = noise * rng.uniform(-1, 1, 7)
    return Troupe(
        hue=12.0 * float(hue),
        ground_hue=225.0 + 60.0 * float(ground),
        size=1.0 + 0.12 * float(size),
        roundness=min(max(0.55 + 0.45 * float(roundness), 0.0), 1.0),
        pitch=3.5 * float(pitch),
        brightness=1.0 + 0.3 * float(np.clip(brightness, -1, 1)),
        tempo=1.0 + 0.1 * float(np.clip(tempo, -1, 1)),
    )


def smooth(x: np.ndarray) -> np.ndarray:
    """From 0 to 1 without corners."""
    return x * x * (3 - 2 * x)
