"""How a clip of moving shapes is drawn: soft rounded boxes over a textured ground, whole clips at a time.

Lengths are in frame coordinates: the frame reaches from -1 to 1, x to the right, y down. All numbers were
chosen by looking.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from affekt.data._shape_story import PICTURES, Story, Troupe, smooth

FEWEST, MOST = 4, 6  # shapes
WAVES = 8  # that make the ground's texture
CHUNK = 16  # frames that share the rectangle in which a shape is drawn
SHADOW = 0.11  # width of the dark rim around a shape
WARM, COLD = 36.0, 252.0  # hues in degrees: what a positive and a negative event look like


class Paths(NamedTuple):
    """Where the shapes are and what they look like, (shapes, frames) each; colours with a last axis of 3.

    Attributes:
        size: Half of a shape's side.
        angle: In radians.
        roundness: (shapes, 1), from 0 (box) to 1 (disc).
    """

    x: np.ndarray
    y: np.ndarray
    size: np.ndarray
    angle: np.ndarray
    roundness: np.ndarray
    color: np.ndarray


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
    planes = _ground(troupe, shake, pixels, rng)
    axis = ((np.arange(pixels) + 0.5) / pixels * 2 - 1).astype(np.float32)
    for shape in range(len(paths.x)):
        for first in range(0, len(times_s), CHUNK):
            part = slice(first, first + CHUNK)
            _lay(planes[:, part], Paths(*(column[shape][part] for column in _full(paths, shake))), axis)
    planes *= _light(story, times_s, rng, noise)[:, None, None]
    planes += (0.018 * noise) * _grain(rng, planes.shape)
    # Rounding half up, after the offset of 0.5 that truncation takes away.
    return np.ascontiguousarray(np.clip(planes * 255 + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 3, 0))


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
    neutral = _rgb(each(0.0, 360.0), each(0.05, 0.16), each(0.6, 0.8))
    hue = (WARM if story.is_positive else COLD) + troupe.hue + noise * each(-18.0, 18.0)
    telling = _rgb(hue, each(0.6, 0.8), each(0.82, 0.98))
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
    tints = _rgb(rng.uniform(0, 360, (len(moments), 1)), np.array([[0.6]]), np.array([[0.9]]))
    strength = min(noise, 1.0) * story.bumps(times_s, moments, 0.3)
    color = color.copy()
    for shape, tint, on in zip(shapes, tints, strength, strict=True):
        color[shape] += 0.8 * on[:, None] * (tint - color[shape])
    return color


def _shake(story: Story, times_s: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    """The camera's place, (t, 2): a slow sway of the hand, and a jolt outside the event."""
    rates = rng.uniform([0.15, 0.5, 1.0], [0.4, 0.9, 1.8], (2, 3))
    waves = np.sin(2 * np.pi * rates[..., None] * times_s + rng.uniform(0, 2 * np.pi, (2, 3, 1)))
    sway = np.einsum("adt,d->ta", waves, [0.03, 0.012, 0.006])
    jolt = story.bumps(times_s, story.moments_outside(rng, 1), 0.3)[0]
    way = rng.uniform(-0.08, 0.08, 2)
    return noise * (sway + (jolt * np.sin(2 * np.pi * 4 * times_s))[:, None] * way)


def _light(story: Story, times_s: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    """Brightness (t,): of the clip, with a flash or two outside the event."""
    flashes = story.bumps(times_s, story.moments_outside(rng, int(rng.integers(1, 3))), 0.18).sum(axis=0)
    level = 1 + 0.12 * noise * rng.uniform(-1, 1)
    return (max(level, 0.3) * (1 + 0.35 * min(noise, 1.0) * flashes)).astype(np.float32)


def _ground(troupe: Troupe, shake: np.ndarray, pixels: int, rng: np.random.Generator) -> np.ndarray:
    """Background (3, t, h, w), float32 in [0, 1]: a dusky gradient with a soft texture that the camera moves.

    The texture is a sum of plane waves: moving it by parts of a pixel is a change of phases, so that all
    frames are one product of matrices.
    """
    axis = (np.arange(pixels) + 0.5) / pixels * 2 - 1
    rows, columns = np.meshgrid(axis, axis, indexing="ij")
    way, pace = rng.uniform(0, 2 * np.pi, WAVES), rng.uniform(2.0, 11.0, WAVES)
    wave_x, wave_y = pace * np.cos(way), pace * np.sin(way)
    moved = shake[:, :1] * wave_x + shake[:, 1:] * wave_y + rng.uniform(0, 2 * np.pi, WAVES)
    still = wave_x[:, None] * columns.ravel() + wave_y[:, None] * rows.ravel()
    weights = 0.085 / np.sqrt(pace)
    before = np.concatenate([weights * np.cos(moved), weights * np.sin(moved)], axis=1).astype(np.float32)
    after = np.concatenate([np.cos(still), np.sin(still)]).astype(np.float32)
    # Not `@`: at this size, the threads of a BLAS cost many times what they save.
    texture = np.einsum("tk,kp->tp", before, after).reshape(len(shake), pixels, pixels)
    top, bottom, sheen = _rgb(
        troupe.ground_hue + rng.uniform(-25, 25, (3, 1)),
        np.array([[0.38], [0.27], [0.15]]),
        np.array([[0.2], [0.42], [0.95]]) * (1 + 0.15 * rng.uniform(-1, 1)),
    )
    vignette = 1 - 0.16 * (rows**2 + columns**2)
    fade = smooth((rows + 1) / 2)
    still_planes = (top[:, None, None] + (bottom - top)[:, None, None] * fade) * vignette
    return still_planes.astype(np.float32)[:, None] + sheen.astype(np.float32)[:, None, None, None] * texture


def _full(paths: Paths, shake: np.ndarray) -> Paths:
    """The same as the camera sees it, float32, with a column for each frame."""
    moved = paths._replace(
        x=paths.x - shake[:, 0],
        y=paths.y - shake[:, 1],
        roundness=np.broadcast_to(paths.roundness, paths.x.shape),
    )
    return Paths(*(column.astype(np.float32) for column in moved))


def _lay(planes: np.ndarray, shape: Paths, axis: np.ndarray) -> None:
    """Draw one shape over some frames, (3, t, h, w), within the rectangle that it needs in them."""
    reach = float(shape.size.max()) * 1.5 + SHADOW
    left, right = np.searchsorted(axis, [shape.x.min() - reach, shape.x.max() + reach])
    top, bottom = np.searchsorted(axis, [shape.y.min() - reach, shape.y.max() + reach])
    if left >= right or top >= bottom:
        return
    size, angle = shape.size[:, None, None], shape.angle
    across = axis[left:right] - shape.x[:, None, None]
    down = axis[top:bottom, None] - shape.y[:, None, None]
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    # Signed distance to a rounded box: negative inside.
    corner = size * (0.2 + 0.8 * shape.roundness[:, None, None])
    beyond_x = np.abs(cos * across + sin * down) - (size - corner)
    beyond_y = np.abs(cos * down - sin * across) - (size - corner)
    distance = np.hypot(np.maximum(beyond_x, 0), np.maximum(beyond_y, 0))
    distance += np.minimum(np.maximum(beyond_x, beyond_y), 0) - corner

    edge = 2.4 / len(axis)  # a little more than a pixel, whose side is 2 / len(axis)
    inside = smooth(np.clip(0.5 - distance / edge, 0, 1))
    rim = np.clip(1 - distance / SHADOW, 0, 1)
    shade = 1 - (0.2 * down + 0.1 * across) / size  # lit from above
    seen = planes[:, :, top:bottom, left:right]
    seen *= 1 - 0.4 * rim * rim
    for channel, plane in enumerate(seen):
        plane += inside * (shape.color[:, channel, None, None] * shade - plane)


def _grain(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Noise of the sensor, standard deviation 1: the difference of two bytes is quick and normal enough."""
    one, other = np.frombuffer(rng.bytes(2 * math.prod(shape)), np.uint8).reshape(2, *shape)
    return np.subtract(one, other, dtype=np.float32) * np.float32(1 / 104.5)


def _rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Colours (n, 3) in [0, 1] of columns (n, 1): hue in degrees, the others in [0, 1]."""
    place = (np.array([5.0, 3.0, 1.0]) + hue / 60) % 6
    return value * (1 - saturation * np.clip(np.minimum(place, 4 - place), 0, 1))
