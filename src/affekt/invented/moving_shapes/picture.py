"""What a clip of moving shapes shows: they drift in grey, and during the event tell by colour and manner.

All numbers were chosen by looking.
"""

from __future__ import annotations

import numpy as np

from affekt.invented.moving_shapes.canvas import COLD, WARM, Ground, Paths, develop, paint, rgb, sway
from affekt.invented.moving_shapes.plan import PICTURES, Story, Troupe

FEWEST, MOST = 4, 6  # shapes


def draw(
    story: Story, troupe: Troupe, times_s: np.ndarray, pixels: int, tells: float, noise: float
) -> np.ndarray:
    """Frames (t, pixels, pixels, 3), uint8 RGB, at the given times.

    Args:
        tells: How plainly the event shows; 0 leaves nothing to see.
        noise: How much there is beside it.
    """
    rng = story.chance(PICTURES)
    paths = _perform(story, troupe, times_s, rng, tells, noise)
    shake = _shake(story, times_s, rng, noise)
    planes = Ground(troupe.ground_hue, pixels, rng).planes(shake)
    paint(planes, paths, shake)
    return develop(planes, _light(story, times_s, rng, noise), 0.018 * noise, rng)


def _perform(
    story: Story, troupe: Troupe, times_s: np.ndarray, rng: np.random.Generator, tells: float, noise: float
) -> Paths:
    """What the shapes do: they drift in grey, and during the event they show their colour and manner.

    Positive: they warm up, open, and sway in round arcs. Negative: they turn cold, sink, huddle and shiver.
    """
    count = int(rng.integers(FEWEST, MOST + 1))
    t = times_s

    def each(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (count, 1))

    # Homes on a ring, so that shapes seldom hide each other.
    around = (np.arange(count)[:, None] + each(-0.3, 0.3)) * 2 * np.pi / count + rng.uniform(0, 2 * np.pi)
    home_x, home_y = each(0.4, 0.62) * np.cos(around), each(0.4, 0.62) * np.sin(around)
    x = home_x + each(0.05, 0.12) * np.sin(2 * np.pi * each(0.12, 0.3) * t + each(0.0, 2 * np.pi))
    y = home_y + each(0.05, 0.12) * np.sin(2 * np.pi * each(0.12, 0.3) * t + each(0.0, 2 * np.pi))
    size = (
        troupe.size
        * each(0.17, 0.26)
        * (1 + 0.06 * np.sin(2 * np.pi * each(0.2, 0.5) * t + each(0.0, 2 * np.pi)))
    )
    angle = each(0.0, np.pi) + each(-0.6, 0.6) * t

    # Some show more than others, and colour and manner are not equally plain.
    on = tells * story.shown(t) * (1 - 0.3 * min(noise, 1.0) * each(0.0, 1.0))
    vivid, moved = 1 - np.minimum(noise, 1.0) * rng.uniform(0, [0.45, 0.6])
    phase = each(0.0, 2 * np.pi)
    if story.is_positive:
        turn = 2 * np.pi * troupe.tempo * each(0.7, 0.9) * t + phase
        x = x + moved * on * 0.16 * np.cos(turn)
        y = y + moved * on * (0.16 * np.sin(turn) - 0.14)
        size = size * (1 + 0.22 * moved * on)
        angle = angle + 0.5 * moved * on * np.sin(turn)
    else:
        shiver = np.arcsin(np.sin(2 * np.pi * troupe.tempo * each(2.2, 3.0) * t + phase)) / (np.pi / 2)
        x = x + moved * on * (0.045 * shiver - 0.35 * x)
        y = y + moved * on * (0.2 - 0.2 * y)
        size = size * (1 - 0.14 * moved * on)
        angle = angle + 0.25 * moved * on * shiver
    neutral = rgb(each(0.0, 360.0), each(0.05, 0.16), each(0.6, 0.8))
    hue = (WARM if story.is_positive else COLD) + troupe.hue + noise * each(-18.0, 18.0)
    telling = rgb(hue, each(0.6, 0.8), each(0.82, 0.98))
    color = neutral[:, None] + (vivid * on)[..., None] * (telling - neutral)[:, None]
    color = _blink(story, times_s, color, rng, noise)
    roundness = np.clip(troupe.roundness + each(-0.35, 0.35), 0, 1)
    return Paths(x, y, size, angle, roundness, color)


def _blink(
    story: Story, times_s: np.ndarray, color: np.ndarray, rng: np.random.Generator, noise: float
) -> np.ndarray:
    """Distraction: outside the event a single shape shows some colour for a moment, which says nothing."""
    moments = story.moments_outside(rng, int(rng.integers(1, 4)))
    shapes = rng.integers(0, len(color), len(moments))
    tints = rgb(rng.uniform(0, 360, (len(moments), 1)), np.array([[0.6]]), np.array([[0.9]]))
    strength = min(noise, 1.0) * story.bumps(times_s, moments, 0.3)
    color = color.copy()
    for shape, tint, on in zip(shapes, tints, strength, strict=True):
        color[shape] += 0.8 * on[:, None] * (tint - color[shape])
    return color


def _shake(story: Story, times_s: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    """The camera's place, (t, 2): a slow sway of the hand, and a jolt outside the event."""
    still = sway(times_s, rng)
    jolt = story.bumps(times_s, story.moments_outside(rng, 1), 0.3)[0]
    way = rng.uniform(-0.08, 0.08, 2)
    return noise * (still + (jolt * np.sin(2 * np.pi * 4 * times_s))[:, None] * way)


def _light(story: Story, times_s: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    """Brightness (t,): of the clip, with a flash or two outside the event."""
    flashes = story.bumps(times_s, story.moments_outside(rng, int(rng.integers(1, 3))), 0.18).sum(axis=0)
    level = 1 + 0.12 * noise * rng.uniform(-1, 1)
    return (max(level, 0.3) * (1 + 0.35 * min(noise, 1.0) * flashes)).astype(np.float32)
