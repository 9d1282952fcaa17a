"""Drawing for moving shapes: soft rounded boxes over a textured background, many frames at a time.

Lengths are in frame coordinates: the frame is from -1 to 1, x to the right, y down. All constants were chosen
by visual inspection.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from affekt.invented.moving_shapes.plan import smoothstep

WAVES = 8  # plane waves in the texture of the background
CHUNK = 16  # frames that share one bounding box of a shape
SHADOW = 0.11  # width of the dark rim around a shape
WARM, COLD = 36.0, 252.0  # hues of positive and negative events, in degrees


class Paths(NamedTuple):
    """Position and appearance of the shapes, (shapes, frames) each; colours with a last axis of 3.

    Attributes:
        size: Half of the side of a shape.
        angle: In radians.
        roundness: (shapes, 1), from 0 (box) to 1 (disc).
    """

    x: np.ndarray
    y: np.ndarray
    size: np.ndarray
    angle: np.ndarray
    roundness: np.ndarray
    color: np.ndarray


class Background:
    """Background: a dark gradient with a soft texture that moves with the camera.

    The texture is a sum of plane waves: a shift by parts of a pixel is a change of phases, so all frames are
    one matrix product.

    Args:
        hue: In degrees.
        pixels: Height and width of a frame.
    """

    def __init__(self, hue: float, pixels: int, rng: np.random.Generator) -> None:
        axis = (np.arange(pixels) + 0.5) / pixels * 2 - 1
        rows, columns = np.meshgrid(axis, axis, indexing="ij")
        way, pace = rng.uniform(0, 2 * np.pi, WAVES), rng.uniform(2.0, 11.0, WAVES)
        self._wave_x, self._wave_y = pace * np.cos(way), pace * np.sin(way)
        self._phase = rng.uniform(0, 2 * np.pi, WAVES)
        still = self._wave_x[:, None] * columns.ravel() + self._wave_y[:, None] * rows.ravel()
        self._weights = 0.085 / np.sqrt(pace)
        self._waves = np.concatenate([np.cos(still), np.sin(still)]).astype(np.float32)
        top, bottom, sheen = rgb(
            hue + rng.uniform(-25, 25, (3, 1)),
            np.array([[0.38], [0.27], [0.15]]),
            np.array([[0.2], [0.42], [0.95]]) * (1 + 0.15 * rng.uniform(-1, 1)),
        )
        vignette = 1 - 0.16 * (rows**2 + columns**2)
        fade = smoothstep((rows + 1) / 2)
        still_planes = (top[:, None, None] + (bottom - top)[:, None, None] * fade) * vignette
        self._still = still_planes.astype(np.float32)[:, None]
        self._sheen = sheen.astype(np.float32)[:, None, None, None]

    def planes(self, shake: np.ndarray) -> np.ndarray:
        """Frames (3, t, h, w), float32 in [0, 1], seen from camera positions (t, 2)."""
        pixels = self._still.shape[-1]
        moved = shake[:, :1] * self._wave_x + shake[:, 1:] * self._wave_y + self._phase
        turned = [self._weights * np.cos(moved), self._weights * np.sin(moved)]
        before = np.concatenate(turned, axis=1).astype(np.float32)
        # Not `@`: at this size, starting BLAS threads costs many times what they save.
        texture = np.einsum("tk,kp->tp", before, self._waves).reshape(len(shake), pixels, pixels)
        return self._still + self._sheen * texture


def draw_shapes(planes: np.ndarray, paths: Paths, shake: np.ndarray) -> None:
    """Draw all shapes into frames (3, t, h, w), seen from camera positions (t, 2)."""
    pixels = planes.shape[-1]
    axis = ((np.arange(pixels) + 0.5) / pixels * 2 - 1).astype(np.float32)
    seen = _in_camera_view(paths, shake)
    for shape in range(len(paths.x)):
        for first in range(0, len(shake), CHUNK):
            part = slice(first, first + CHUNK)
            _draw_shape(planes[:, part], Paths(*(column[shape][part] for column in seen)), axis)


def to_frames(planes: np.ndarray, light: np.ndarray, grain: float, rng: np.random.Generator) -> np.ndarray:
    """Frames (t, h, w, 3), uint8 RGB, from planes (3, t, h, w), which are overwritten.

    Args:
        light: (t,) float32, brightness of each frame.
        grain: Strength of the sensor noise.
    """
    planes *= light[:, None, None]
    planes += grain * _grain(rng, planes.shape)
    # Adding 0.5 before truncation rounds half up.
    return np.ascontiguousarray(np.clip(planes * 255 + 0.5, 0, 255).astype(np.uint8).transpose(1, 2, 3, 0))


def camera_sway(times_s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Position (t, 2) of a hand-held camera."""
    rates = rng.uniform([0.15, 0.5, 1.0], [0.4, 0.9, 1.8], (2, 3))
    waves = np.sin(2 * np.pi * rates[..., None] * times_s + rng.uniform(0, 2 * np.pi, (2, 3, 1)))
    return np.einsum("adt,d->ta", waves, [0.03, 0.012, 0.006])


def _in_camera_view(paths: Paths, shake: np.ndarray) -> Paths:
    """Paths relative to the camera, float32, with a column for each frame."""
    moved = paths._replace(
        x=paths.x - shake[:, 0],
        y=paths.y - shake[:, 1],
        roundness=np.broadcast_to(paths.roundness, paths.x.shape),
    )
    return Paths(*(column.astype(np.float32) for column in moved))


def _draw_shape(planes: np.ndarray, shape: Paths, axis: np.ndarray) -> None:
    """Draw one shape into some frames, (3, t, h, w), within its bounding box."""
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
    inside = smoothstep(np.clip(0.5 - distance / edge, 0, 1))
    rim = np.clip(1 - distance / SHADOW, 0, 1)
    shade = 1 - (0.2 * down + 0.1 * across) / size  # lit from above
    seen = planes[:, :, top:bottom, left:right]
    seen *= 1 - 0.4 * rim * rim
    for channel, plane in enumerate(seen):
        plane += inside * (shape.color[:, channel, None, None] * shade - plane)


def _grain(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Sensor noise, standard deviation 1: the difference of two uniform bytes is fast to compute."""
    one, other = np.frombuffer(rng.bytes(2 * math.prod(shape)), np.uint8).reshape(2, *shape)
    return np.subtract(one, other, dtype=np.float32) * np.float32(1 / 104.5)


def rgb(hue: np.ndarray, saturation: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Colours (n, 3) in [0, 1] of columns (n, 1): hue in degrees, the others in [0, 1]."""
    place = (np.array([5.0, 3.0, 1.0]) + hue / 60) % 6
    return value * (1 - saturation * np.clip(np.minimum(place, 4 - place), 0, 1))
