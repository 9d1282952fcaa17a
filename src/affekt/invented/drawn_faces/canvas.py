"""Drawing for faces: outlines and lines in face coordinates become soft masks over pixels.

Outlines are filled at four times the resolution and downsampled; blur is applied at the final resolution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from affekt.invented.drawn_faces.traits import Shot

SUPERSAMPLED = 4

Points = np.ndarray  # (n, 2) in face coordinates


class Stroke(NamedTuple):
    """A line, its width in face coordinates, and its opacity from 0 to 1."""

    points: Points
    width: float
    strength: float


FILLED = Stroke(np.empty((0, 2)), 0.0, 1.0)  # in place of a line: the inside of an outline


class Canvas:
    """Pixels (size, size, 3) in [0, 1], and the mapping from face coordinates to them for a head pose."""

    def __init__(self, shot: Shot, size: int) -> None:
        self.shot, self.size = shot, size
        self.pixels = np.empty((size, size, 3))
        angle = math.radians(shot.tilt_deg)
        self._turn = shot.zoom * np.array(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        axis = (np.arange(size) + 0.5) / size * 2 - 1
        frame = np.stack(np.meshgrid(axis, axis), axis=-1) - (shot.right, shot.down)
        self.head = frame @ np.linalg.inv(self._turn).T  # coordinates of each pixel relative to the head
        self.face = self.head - self._parallax(self.head)  # and relative to the face, which is turned in it

    def _parallax(self, points: np.ndarray) -> np.ndarray:
        near = np.sqrt(np.clip(1 - (points[..., 0] / 0.9) ** 2 - (points[..., 1] / 1.15) ** 2, 0, 1))
        return near[..., None] * (self.shot.turn, self.shot.nod)

    def _placed(self, points: Points, *, turned: bool = True) -> np.ndarray:
        """Supersampled pixel positions of points in face coordinates."""
        if turned:
            points = points + self._parallax(points)
        at = points @ self._turn.T + (self.shot.right, self.shot.down)
        return (at + 1) / 2 * self.size * SUPERSAMPLED

    def area(self, *outlines: Points, soft: float = 0.0, turned: bool = True) -> np.ndarray:
        """Mask (size, size) of closed outlines; `soft` blurs it by that length in face coordinates."""
        shapes = [(self._placed(outline, turned=turned), FILLED) for outline in outlines]
        return self._mask(shapes, soft)

    def strokes(self, lines: Sequence[Stroke], soft: float = 0.0) -> np.ndarray:
        """Mask of lines; `soft` as in `area`."""
        return self._mask([(self._placed(line.points), line) for line in lines], soft)

    def _mask(self, shapes: Sequence[tuple[np.ndarray, Stroke]], soft: float) -> np.ndarray:
        """Draw shapes within their bounding box, downsample and blur it."""
        scale = self.size * SUPERSAMPLED / 2
        blur = soft * self.size / 2
        margin = max(stroke.width for _, stroke in shapes) * scale + math.ceil(3 * blur + 1) * SUPERSAMPLED
        points = np.concatenate([shape for shape, _ in shapes])
        low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
        left, top = (int(max(edge // SUPERSAMPLED, 0)) for edge in low)
        right, bottom = (int(min(edge // SUPERSAMPLED + 1, self.size)) for edge in high)
        mask = np.zeros((self.size, self.size))
        if left >= right or top >= bottom:
            return mask
        part = Image.new("L", ((right - left) * SUPERSAMPLED, (bottom - top) * SUPERSAMPLED))
        draw = ImageDraw.Draw(part)
        for shape, stroke in shapes:
            local = list(map(tuple, (shape - (left * SUPERSAMPLED, top * SUPERSAMPLED)).tolist()))
            if stroke is FILLED:
                draw.polygon(local, fill=255)
            else:
                strength = round(255 * min(max(stroke.strength, 0), 1))
                draw.line(local, strength, max(1, round(stroke.width * scale)), joint="curve")
        part = part.reduce(SUPERSAMPLED)
        if blur:
            part = part.filter(ImageFilter.GaussianBlur(blur))
        mask[top:bottom, left:right] = np.asarray(part, float) / 255
        return mask

    def lay(self, mask: np.ndarray, color: np.ndarray) -> None:
        """Blend in a colour, (3,) or (size, size, 3), with the mask as opacity."""
        part = _covered(mask)
        shown = self.pixels[part]
        shown += mask[part][..., None] * ((color[part] if color.ndim == 3 else color) - shown)

    def tint(self, mask: np.ndarray, factor: np.ndarray | float) -> None:
        """Multiply by a factor, a number or (3,), with the mask as weight."""
        part = _covered(mask)
        self.pixels[part] *= 1 - mask[part][..., None] * (1 - np.asarray(factor))


def _covered(mask: np.ndarray) -> tuple[slice, slice]:
    """Bounding box of a mask: most parts of a face are small."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return slice(0), slice(0)
    return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)


def superellipse(x: float, y: float, wide: float, above: float, below: float, power: float) -> Points:
    """Outline around (x, y): an ellipse above, a superellipse below, squarer with larger `power`."""
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    lower = sin > 0
    exponent = np.where(lower, 2 / power, 1.0)
    return curve(
        x + wide * np.sign(cos) * np.abs(cos) ** exponent,
        y + np.where(lower, below, above) * np.sign(sin) * np.abs(sin) ** np.where(lower, 1.06, 1.0),
    )


def band(x: np.ndarray, above: np.ndarray, below: np.ndarray) -> Points:
    """Outline of the area between two curves."""
    return np.concatenate([curve(x, above), curve(x, below)[::-1]])


def curve(x: np.ndarray, y: np.ndarray) -> Points:
    """Points (n, 2) from coordinates x and y."""
    return np.stack([x, y], axis=1)
