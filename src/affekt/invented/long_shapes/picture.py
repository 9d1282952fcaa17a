"""The frames of a long video of shapes, rendered in blocks: memory does not grow with its length.

All constants were chosen by visual inspection, and by how well simple statistics of one second detect events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from affekt.invented.long_shapes.plan import (
    GRAIN,
    PICTURE,
    SWAY,
    CueStrengths,
    VideoPlan,
    activity,
    make_performer_and_cues,
)
from affekt.invented.moving_shapes.canvas import (
    COLD,
    WARM,
    Background,
    Paths,
    camera_sway,
    draw_shapes,
    rgb,
    to_frames,
)
from affekt.invented.moving_shapes.plan import Performer, smoothstep
from affekt.media.image import resize

EDITION = 1  # to be raised with each change of the rendering: it is part of the keys of cached features
BLOCK = 32  # frames that are rendered together
FEWEST, MOST = 4, 6  # shapes
BLINKS, FLASHES, JOLTS = 7.0, 4.0, 2.5  # per minute, independent of events
BLINK_S, FLASH_S, JOLT_S = 0.5, 0.18, 0.3  # half of their duration


class DrawnVideo:
    """Frames of a long video, rendered when they are read: a source of `affekt.media.video.Video`."""

    def __init__(self, name: str, plan: VideoPlan, pixels: int, rate_hz: float, noise: float) -> None:
        self.name, self.height, self.width = name, pixels, pixels
        self.times_s = np.arange(round(plan.duration_s * rate_hz)) / rate_hz
        self.end_s = plan.duration_s
        self.sound_tracks = 0
        self.notes: list[str] = []
        self.replacements: dict[int, int] = {}
        self._plan, self._noise, self._edition = plan, noise, EDITION

    def pictures(self, numbers: Sequence[int], height: int, width: int) -> Iterator[tuple[int, np.ndarray]]:
        """Frames of increasing numbers, (h, w, 3) uint8 each, in that order."""
        scene = _Scene(self._plan, self.height, self._noise)
        block, frames = -1, np.empty(0)
        for number in numbers:
            if number // BLOCK != block:
                block = number // BLOCK
                frames = scene.draw(block, self.times_s[block * BLOCK : (block + 1) * BLOCK])
            picture = frames[number % BLOCK]
            yield number, picture if picture.shape[:2] == (height, width) else resize(picture, height, width)


class _Shapes(NamedTuple):
    """Properties of the shapes that are constant within a video, a row (n, 1) for each shape."""

    home: np.ndarray  # (2, n, 1), mean position
    reach: np.ndarray  # (2, n, 1), amplitude of drifting
    drift_hz: np.ndarray  # (2, n, 1)
    phase: np.ndarray  # (6, n, 1)
    size: np.ndarray
    pulse_hz: np.ndarray
    spin: np.ndarray
    roundness: np.ndarray
    neutral: np.ndarray  # (n, 1, 3), colour
    hue: np.ndarray  # relative to that of the performer
    saturation: np.ndarray
    value: np.ndarray
    tempo: np.ndarray
    plain: np.ndarray  # how strongly a shape takes part in episodes


class _Moments(NamedTuple):
    """Short distractors of one kind: their times, and random numbers from 0 to 1 that vary them."""

    times_s: np.ndarray
    chance: np.ndarray  # (m, 3)

    def near(self, times_s: np.ndarray, width_s: float) -> tuple[np.ndarray, np.ndarray]:
        """Smooth pulses (m', t) of those within a block, and their random numbers (m', 3)."""
        first, last = np.searchsorted(self.times_s, [times_s[0] - width_s, times_s[-1] + width_s])
        far = np.abs(times_s - self.times_s[first:last, None]) / width_s
        return smoothstep(np.clip(1 - far, 0, 1)), self.chance[first:last]


class _Scene:
    """All random properties of the picture of one video."""

    def __init__(self, plan: VideoPlan, pixels: int, noise: float) -> None:
        rng = plan.rng(PICTURE)
        self._plan, self._noise = plan, noise
        self._performer, self._cues = make_performer_and_cues(plan, noise)
        self._seen = tuple(it for it in plan.episodes if it.is_seen)
        self._shapes = _invent_shapes(self._performer, noise, rng)
        # Each episode has its own strength; distractors have a random colour.
        count = max(len(self._seen), 1)
        self._polarity = np.array([it.polarity for it in self._seen] or [0])
        self._vivid, self._moved = 1 - min(noise, 1.0) * rng.uniform(0, 0.6, (2, count))
        self._hue = np.array(
            [_hue_of(it.polarity, self._performer, self._cues, rng) for it in self._seen] or [0.0]
        )
        self._minutes = plan.duration_s / 60
        self._blinks, self._flashes, self._jolts = (
            self._moments(each, rng) for each in (BLINKS, FLASHES, JOLTS)
        )
        self._background = Background(self._performer.background_hue, pixels, rng)
        self._level = max(1 + 0.12 * noise * rng.uniform(-1, 1), 0.3)
        self._breath = rng.uniform([0.01, 0.0], [0.03, 2 * np.pi])

    def draw(self, block: int, times_s: np.ndarray) -> np.ndarray:
        """Frames (t, pixels, pixels, 3), uint8 RGB, of one block."""
        shake = self._shake(times_s)
        planes = self._background.planes(shake)
        draw_shapes(planes, self._paths(times_s), shake)
        return to_frames(planes, self._light(times_s), 0.018 * self._noise, self._plan.rng(GRAIN, block))

    def _paths(self, t: np.ndarray) -> Paths:
        """Movement and colour of the shapes: they drift in grey outside of episodes.

        In a positive event they turn warm, open and sway; in a negative one they turn cold, sink and
        contract; in a distractor they take a random colour and hop. The weaker the movement cue of a
        performer, the more it hops in events, too, so that the amount of movement stays the same.
        """
        it, performer, cues = self._shapes, self._performer, self._cues
        which, on = activity(self._seen, t)
        on = on * it.plain
        polarity, moved = self._polarity[which], self._moved[which] * on
        own = cues.manner * np.abs(polarity) * moved
        hop = moved - own
        opening, sinking = own * (polarity > 0), own * (polarity < 0)

        x, y = it.home + it.reach * np.sin(2 * np.pi * it.drift_hz * t + it.phase[:2])
        size = performer.size * it.size * (1 + 0.06 * np.sin(2 * np.pi * it.pulse_hz * t + it.phase[2]))
        angle = it.phase[3] + it.spin * t
        if not on.any():
            return Paths(x, y, size, angle, it.roundness, self._blink(t, np.repeat(it.neutral, len(t), 1)))
        turn = 2 * np.pi * performer.tempo * it.tempo * t + it.phase[4]
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
        expressive = rgb(
            (self._hue[which] + it.hue)[..., None], it.saturation[..., None], it.value[..., None]
        )
        color = it.neutral + (self._vivid[which] * on)[..., None] * (expressive - it.neutral)
        return Paths(x, y, size, angle, it.roundness, self._blink(t, color))

    def _blink(self, t: np.ndarray, color: np.ndarray) -> np.ndarray:
        """Distractor: a single shape takes a random colour for a moment."""
        bumps, chance = self._blinks.near(t, BLINK_S)
        for on, (shape, hue, much) in zip(bumps, chance, strict=True):
            tint = rgb(np.array([[360.0 * hue]]), np.array([[0.65]]), np.array([[0.9]]))
            place = int(shape * len(color))
            strength = min(self._noise, 1.0) * (0.6 + 0.4 * much) * on[:, None]
            color[place] += strength * (tint - color[place])
        return color

    def _shake(self, t: np.ndarray) -> np.ndarray:
        """Camera position (t, 2): slow sway, as of a hand-held camera, and jolts."""
        place = camera_sway(t, self._plan.rng(SWAY))
        bumps, chance = self._jolts.near(t, JOLT_S)
        ways = 0.2 * chance[:, :2] - 0.1
        return self._noise * (place + np.sin(2 * np.pi * 4 * t)[:, None] * (bumps.T @ ways))

    def _light(self, t: np.ndarray) -> np.ndarray:
        """Brightness (t,): slow variation and flashes."""
        bumps, chance = self._flashes.near(t, FLASH_S)
        flash = (bumps * (0.2 + 0.25 * chance[:, :1])).sum(axis=0)
        slow = 0.08 * np.sin(2 * np.pi * self._breath[0] * t + self._breath[1])
        return (self._level * (1 + min(self._noise, 1.0) * (slow + flash))).astype(np.float32)

    def _moments(self, a_minute: float, rng: np.random.Generator) -> _Moments:
        count = int(rng.poisson(a_minute * self._minutes))
        return _Moments(np.sort(rng.uniform(0, self._plan.duration_s, count)), rng.random((count, 3)))


def _hue_of(polarity: int, performer: Performer, cues: CueStrengths, rng: np.random.Generator) -> float:
    """Hue of an episode in degrees: the weaker the colour cue, the closer are warm and cold."""
    if not polarity:
        return float(rng.uniform(0, 360) if rng.random() < 0.5 else rng.choice([WARM, COLD]) + performer.hue)
    middle = (WARM + COLD) / 2
    return middle + cues.hue * ((WARM if polarity > 0 else COLD) - middle) + performer.hue


def _invent_shapes(performer: Performer, noise: float, rng: np.random.Generator) -> _Shapes:
    count = int(rng.integers(FEWEST, MOST + 1))

    def each(low: float, high: float, *axes: int) -> np.ndarray:
        return rng.uniform(low, high, (*axes, count, 1))

    # Positions on a ring, so that shapes seldom occlude each other.
    around = (np.arange(count)[:, None] + each(-0.3, 0.3)) * 2 * np.pi / count + rng.uniform(0, 2 * np.pi)
    return _Shapes(
        home=each(0.4, 0.62) * np.stack([np.cos(around), np.sin(around)]),
        reach=each(0.05, 0.12, 2),
        drift_hz=each(0.12, 0.3, 2),
        phase=each(0.0, 2 * np.pi, 6),
        size=each(0.17, 0.26),
        pulse_hz=each(0.2, 0.5),
        spin=each(-0.6, 0.6),
        roundness=np.clip(performer.roundness + each(-0.35, 0.35), 0, 1),
        neutral=rgb(each(0.0, 360.0), each(0.05, 0.16), each(0.6, 0.8))[:, None],
        hue=noise * each(-30.0, 30.0),
        saturation=each(0.45, 0.75),
        value=each(0.82, 0.98),
        tempo=each(0.85, 1.15),
        plain=1 - 0.5 * min(noise, 1.0) * each(0.0, 1.0),
    )
