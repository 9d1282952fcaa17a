"""What a long video of shapes shows, drawn block by block: memory does not grow with its length.

All numbers were chosen by looking, and by how well simple statistics of a second of it tell events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from affekt.invented.long_shapes.story import GRAIN, PICTURE, SWAY, Habits, LongStory, cast, shown
from affekt.invented.moving_shapes.canvas import COLD, WARM, Ground, Paths, develop, paint, rgb, sway
from affekt.invented.moving_shapes.story import Troupe, smooth
from affekt.media.image import resize

EDITION = 1  # to be raised with each change of what is drawn: features in caches are known by it
BLOCK = 32  # frames that are drawn together
FEWEST, MOST = 4, 6  # shapes
BLINKS, FLASHES, JOLTS = 7.0, 4.0, 2.5  # a minute, whatever happens
BLINK_S, FLASH_S, JOLT_S = 0.5, 0.18, 0.3  # how far they reach on both sides


class DrawnVideo:
    """Frames of a long video, drawn when they are read: a source of `affekt.media.video.Video`."""

    def __init__(self, name: str, story: LongStory, pixels: int, rate_hz: float, noise: float) -> None:
        self.name, self.height, self.width = name, pixels, pixels
        self.times_s = np.arange(round(story.duration_s * rate_hz)) / rate_hz
        self.end_s = story.duration_s
        self.sound_tracks = 0
        self.notes: list[str] = []
        self.replacements: dict[int, int] = {}
        self._story, self._noise, self._edition = story, noise, EDITION

    def pictures(self, numbers: Sequence[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        """Frames of increasing numbers, (h, w, 3) uint8 each, in that order."""
        scene = _Scene(self._story, self.height, self._noise)
        block, frames = -1, np.empty(0)
        for number in numbers:
            if number // BLOCK != block:
                block = number // BLOCK
                frames = scene.draw(block, self.times_s[block * BLOCK : (block + 1) * BLOCK])
            picture = frames[number % BLOCK]
            yield number, picture if picture.shape[:2] == (height, width) else resize(picture, height, width)


class _Shapes(NamedTuple):
    """What is the same for all of a video, a row (n, 1) for each shape."""

    home: np.ndarray  # (2, n, 1)
    reach: np.ndarray  # (2, n, 1), of drifting
    drift_hz: np.ndarray  # (2, n, 1)
    phase: np.ndarray  # (6, n, 1)
    size: np.ndarray
    pulse_hz: np.ndarray
    spin: np.ndarray
    roundness: np.ndarray
    neutral: np.ndarray  # (n, 1, 3), colour
    hue: np.ndarray  # beside that of the troupe
    saturation: np.ndarray
    value: np.ndarray
    tempo: np.ndarray
    plain: np.ndarray  # how much a shape takes part


class _Moments(NamedTuple):
    """Short distractions of one kind: when, and numbers from 0 to 1 that vary them."""

    times_s: np.ndarray
    chance: np.ndarray  # (m, 3)

    def near(self, times_s: np.ndarray, width_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Soft bumps (m', t) of those around a block, and their numbers (m', 3)."""
        first, last = np.searchsorted(self.times_s, [times_s[0] - width_s, times_s[-1] + width_s])
        far = np.abs(times_s - self.times_s[first:last, None]) / width_s
        return smooth(np.clip(1 - far, 0, 1)), self.chance[first:last]


class _Scene:
    """Everything that chance decides about the picture of one video."""

    def __init__(self, story: LongStory, pixels: int, noise: float) -> None:
        rng = story.chance(PICTURE)
        self._story, self._noise = story, noise
        self._troupe, self._habits = cast(story, noise)
        self._seen = tuple(it for it in story.stretches if it.is_seen)
        self._shapes = _invent_shapes(self._troupe, noise, rng)
        # Each stretch has its own strength, and decoys have any colour.
        count = max(len(self._seen), 1)
        self._polarity = np.array([it.polarity for it in self._seen] or [0])
        self._vivid, self._moved = 1 - min(noise, 1.0) * rng.uniform(0, 0.6, (2, count))
        self._hue = np.array(
            [_hue_of(it.polarity, self._troupe, self._habits, rng) for it in self._seen] or [0.0]
        )
        self._minutes = story.duration_s / 60
        self._blinks, self._flashes, self._jolts = (
            self._moments(each, rng) for each in (BLINKS, FLASHES, JOLTS)
        )
        self._ground = Ground(self._troupe.ground_hue, pixels, rng)
        self._level = max(1 + 0.12 * noise * rng.uniform(-1, 1), 0.3)
        self._breath = rng.uniform([0.01, 0.0], [0.03, 2 * np.pi])

    def draw(self, block: int, times_s: np.ndarray) -> np.ndarray:
        """Frames (t, pixels, pixels, 3), uint8 RGB, of one block."""
        shake = self._shake(times_s)
        planes = self._ground.planes(shake)
        paint(planes, self._perform(times_s), shake)
        return develop(planes, self._light(times_s), 0.018 * self._noise, self._story.chance(GRAIN, block))

    def _perform(self, t: np.ndarray) -> Paths:
        """Shapes drift in grey. In an event they warm up, open and sway, or turn cold, sink and huddle; in a
        decoy they take any colour and hop. What a troupe leaves out of its manner, it hops instead.
        """
        it, troupe, habits = self._shapes, self._troupe, self._habits
        which, on = shown(self._seen, t)
        on = on * it.plain
        polarity, moved = self._polarity[which], self._moved[which] * on
        own = habits.manner * np.abs(polarity) * moved
        hop = moved - own
        opening, sinking = own * (polarity > 0), own * (polarity < 0)

        x, y = it.home + it.reach * np.sin(2 * np.pi * it.drift_hz * t + it.phase[:2])
        size = troupe.size * it.size * (1 + 0.06 * np.sin(2 * np.pi * it.pulse_hz * t + it.phase[2]))
        angle = it.phase[3] + it.spin * t
        if not on.any():
            return Paths(x, y, size, angle, it.roundness, self._blink(t, np.repeat(it.neutral, len(t), 1)))
        turn = 2 * np.pi * troupe.tempo * it.tempo * t + it.phase[4]
        swing, lift = np.cos(0.8 * turn), np.sin(0.8 * turn)
        shiver = np.arcsin(np.sin(2.6 * turn)) / (np.pi / 2)
        bounce = np.abs(np.sin(1.3 * turn)) - 2 / np.pi
        x = (
            x
            + opening * 0.16 * swing
            + sinking * (0.045 * shiver - 0.35 * x)
            + hop * 0.12 * np.sin(0.65 * turn)
        )
        y = y + opening * (0.16 * lift - 0.14) + sinking * (0.2 - 0.2 * y) - hop * 0.3 * bounce
        size = size * (1 + 0.22 * opening - 0.14 * sinking + 0.2 * hop * bounce)
        angle = angle + 0.5 * opening * lift + 0.25 * sinking * shiver + 0.4 * hop * np.sin(0.65 * turn)
        telling = rgb((self._hue[which] + it.hue)[..., None], it.saturation[..., None], it.value[..., None])
        color = it.neutral + (self._vivid[which] * on)[..., None] * (telling - it.neutral)
        return Paths(x, y, size, angle, it.roundness, self._blink(t, color))

    def _blink(self, t: np.ndarray, color: np.ndarray) -> np.ndarray:
        """Distraction: a single shape shows some colour for a moment, which says nothing."""
        bumps, chance = self._blinks.near(t, BLINK_S)
        for on, (shape, hue, much) in zip(bumps, chance, strict=True):
            tint = rgb(np.array([[360.0 * hue]]), np.array([[0.65]]), np.array([[0.9]]))
            place = int(shape * len(color))
            strength = min(self._noise, 1.0) * (0.6 + 0.4 * much) * on[:, None]
            color[place] += strength * (tint - color[place])
        return color

    def _shake(self, t: np.ndarray) -> np.ndarray:
        """The camera's place, (t, 2): a slow sway of the hand, and jolts."""
        place = sway(t, self._story.chance(SWAY))
        bumps, chance = self._jolts.near(t, JOLT_S)
        ways = 0.2 * chance[:, :2] - 0.1
        return self._noise * (place + np.sin(2 * np.pi * 4 * t)[:, None] * (bumps.T @ ways))

    def _light(self, t: np.ndarray) -> np.ndarray:
        """Brightness (t,): it breathes slowly, and flashes."""
        bumps, chance = self._flashes.near(t, FLASH_S)
        flash = (bumps * (0.2 + 0.25 * chance[:, :1])).sum(axis=0)
        slow = 0.08 * np.sin(2 * np.pi * self._breath[0] * t + self._breath[1])
        return (self._level * (1 + min(self._noise, 1.0) * (slow + flash))).astype(np.float32)

    def _moments(self, a_minute: float, rng: np.random.Generator) -> _Moments:
        count = int(rng.poisson(a_minute * self._minutes))
        return _Moments(np.sort(rng.uniform(0, self._story.duration_s, count)), rng.random((count, 3)))


def _hue_of(polarity: int, troupe: Troupe, habits: Habits, rng: np.random.Generator) -> float:
    """Colour of a stretch in degrees: the less of the tell lies in it, the closer do warm and cold come."""
    if not polarity:
        return float(rng.uniform(0, 360) if rng.random() < 0.5 else rng.choice([WARM, COLD]) + troupe.hue)
    middle = (WARM + COLD) / 2
    return middle + habits.hue * ((WARM if polarity > 0 else COLD) - middle) + troupe.hue


def _invent_shapes(troupe: Troupe, noise: float, rng: np.random.Generator) -> _Shapes:
    count = int(rng.integers(FEWEST, MOST + 1))

    def each(low: float, high: float, *axes: int) -> np.ndarray:
        return rng.uniform(low, high, (*axes, count, 1))

    # Homes on a ring, so that shapes seldom hide each other.
    around = (np.arange(count)[:, None] + each(-0.3, 0.3)) * 2 * np.pi / count + rng.uniform(0, 2 * np.pi)
    return _Shapes(
        home=each(0.4, 0.62) * np.stack([np.cos(around), np.sin(around)]),
        reach=each(0.05, 0.12, 2),
        drift_hz=each(0.12, 0.3, 2),
        phase=each(0.0, 2 * np.pi, 6),
        size=each(0.17, 0.26),
        pulse_hz=each(0.2, 0.5),
        spin=each(-0.6, 0.6),
        roundness=np.clip(troupe.roundness + each(-0.35, 0.35), 0, 1),
        neutral=rgb(each(0.0, 360.0), each(0.05, 0.16), each(0.6, 0.8))[:, None],
        hue=noise * each(-30.0, 30.0),
        saturation=each(0.45, 0.75),
        value=each(0.82, 0.98),
        tempo=each(0.85, 1.15),
        plain=1 - 0.5 * min(noise, 1.0) * each(0.0, 1.0),
    )
