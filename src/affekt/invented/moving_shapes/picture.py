"""The frames of a clip of moving shapes: grey shapes drift; colour and movement change during the event.

All constants were chosen by visual inspection.
"""

from __future__ import annotations

import numpy as np

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
from affekt.invented.moving_shapes.plan import PICTURES, ClipPlan, Performer

FEWEST, MOST = 4, 6  # shapes


def draw(
    plan: ClipPlan, performer: Performer, times_s: np.ndarray, pixels: int, cue_strength: float, noise: float
) -> np.ndarray:
    """Frames (t, pixels, pixels, 3), uint8 RGB, at the given times.

    Args:
        cue_strength: Strength of the cues of the event; 0 makes it invisible.
        noise: Strength of everything else: variation, distractors and sensor noise.
    """
    rng = plan.rng(PICTURES)
    paths = _paths(plan, performer, times_s, rng, cue_strength, noise)
    shake = _shake(plan, times_s, rng, noise)
    planes = Background(performer.background_hue, pixels, rng).planes(shake)
    draw_shapes(planes, paths, shake)
    return to_frames(planes, _light(plan, times_s, rng, noise), 0.018 * noise, rng)


def _paths(
    plan: ClipPlan,
    performer: Performer,
    times_s: np.ndarray,
    rng: np.random.Generator,
    cue_strength: float,
    noise: float,
) -> Paths:
    """Movement and colour of the shapes: they drift in grey, and change during the event.

    Positive: warm colours, the shapes grow, rise and sway in round arcs. Negative: cold colours, they shrink,
    sink, contract and shiver.
    """
    count = int(rng.integers(FEWEST, MOST + 1))
    t = times_s

    def each(low: float, high: float) -> np.ndarray:
        return rng.uniform(low, high, (count, 1))

    # Positions on a ring, so that shapes seldom occlude each other.
    around = (np.arange(count)[:, None] + each(-0.3, 0.3)) * 2 * np.pi / count + rng.uniform(0, 2 * np.pi)
    home_x, home_y = each(0.4, 0.62) * np.cos(around), each(0.4, 0.62) * np.sin(around)
    x = home_x + each(0.05, 0.12) * np.sin(2 * np.pi * each(0.12, 0.3) * t + each(0.0, 2 * np.pi))
    y = home_y + each(0.05, 0.12) * np.sin(2 * np.pi * each(0.12, 0.3) * t + each(0.0, 2 * np.pi))
    size = (
        performer.size
        * each(0.17, 0.26)
        * (1 + 0.06 * np.sin(2 * np.pi * each(0.2, 0.5) * t + each(0.0, 2 * np.pi)))
    )
    angle = each(0.0, np.pi) + each(-0.6, 0.6) * t

    # Shapes differ in how strongly they change, and colour and movement in their strength.
    on = cue_strength * plan.activity(t) * (1 - 0.3 * min(noise, 1.0) * each(0.0, 1.0))
    vivid, moved = 1 - np.minimum(noise, 1.0) * rng.uniform(0, [0.45, 0.6])
    phase = each(0.0, 2 * np.pi)
    if plan.is_positive:
        turn = 2 * np.pi * performer.tempo * each(0.7, 0.9) * t + phase
        x = x + moved * on * 0.16 * np.cos(turn)
        y = y + moved * on * (0.16 * np.sin(turn) - 0.14)
        size = size * (1 + 0.22 * moved * on)
        angle = angle + 0.5 * moved * on * np.sin(turn)
    else:
        shiver = np.arcsin(np.sin(2 * np.pi * performer.tempo * each(2.2, 3.0) * t + phase)) / (np.pi / 2)
        x = x + moved * on * (0.045 * shiver - 0.35 * x)
        y = y + moved * on * (0.2 - 0.2 * y)
        size = size * (1 - 0.14 * moved * on)
        angle = angle + 0.25 * moved * on * shiver
    neutral = rgb(each(0.0, 360.0), each(0.05, 0.16), each(0.6, 0.8))
    hue = (WARM if plan.is_positive else COLD) + performer.hue + noise * each(-18.0, 18.0)
    expressive = rgb(hue, each(0.6, 0.8), each(0.82, 0.98))
    color = neutral[:, None] + (vivid * on)[..., None] * (expressive - neutral)[:, None]
    color = _blink(plan, times_s, color, rng, noise)
    roundness = np.clip(performer.roundness + each(-0.35, 0.35), 0, 1)
    return Paths(x, y, size, angle, roundness, color)


def _blink(
    plan: ClipPlan, times_s: np.ndarray, color: np.ndarray, rng: np.random.Generator, noise: float
) -> np.ndarray:
    """Distractor: outside the event a single shape takes a random colour for a moment."""
    moments = plan.moments_outside(rng, int(rng.integers(1, 4)))
    shapes = rng.integers(0, len(color), len(moments))
    tints = rgb(rng.uniform(0, 360, (len(moments), 1)), np.array([[0.6]]), np.array([[0.9]]))
    strength = min(noise, 1.0) * plan.bumps(times_s, moments, 0.3)
    color = color.copy()
    for shape, tint, on in zip(shapes, tints, strength, strict=True):
        color[shape] += 0.8 * on[:, None] * (tint - color[shape])
    return color


def _shake(plan: ClipPlan, times_s: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    """Camera position (t, 2): slow sway, as of a hand-held camera, and a jolt outside the event."""
    still = camera_sway(times_s, rng)
    jolt = plan.bumps(times_s, plan.moments_outside(rng, 1), 0.3)[0]
    way = rng.uniform(-0.08, 0.08, 2)
    return noise * (still + (jolt * np.sin(2 * np.pi * 4 * times_s))[:, None] * way)


def _light(plan: ClipPlan, times_s: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    """Brightness (t,): constant, with one or two flashes outside the event."""
    flashes = plan.bumps(times_s, plan.moments_outside(rng, int(rng.integers(1, 3))), 0.18).sum(axis=0)
    level = 1 + 0.12 * noise * rng.uniform(-1, 1)
    return (max(level, 0.3) * (1 + 0.35 * min(noise, 1.0) * flashes)).astype(np.float32)
