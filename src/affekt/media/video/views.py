"""Views of a clip: one square of each frame, with the same augmentation of all frames in training.

Source: VAANet (AAAI 2020) and CTEN (CVPR 2023), which both use it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from PIL import Image, ImageEnhance
from pydantic import Field

from affekt.core.settings import Settings

Corner = Literal["c", "tl", "tr", "bl", "br"]
CORNERS: tuple[Corner, ...] = get_args(Corner)


class ClipAugment(Settings):
    """Augmentation of a training view.

    Attributes:
        corners: Take the square from the middle or a random corner, instead of always from the middle.
        chance: Probability that exactly one of mirroring, rotation and darkening is applied.
        turn_deg: Largest rotation in either direction, in degrees.
        darkest: Smallest factor of brightness.
    """

    corners: bool = True
    chance: float = Field(default=0.3, ge=0, le=1)
    turn_deg: float = Field(default=20.0, ge=0, le=180)
    darkest: float = Field(default=0.5, gt=0, le=1)


@dataclass(frozen=True, slots=True)
class ClipView:
    """One view of all frames of a clip.

    Attributes:
        corner: Position of the largest square: centre, top left or right, bottom left or right.
        turn_deg: Rotation, counter-clockwise; areas beyond the picture are black.
        brightness: Factor on all pixels.
    """

    corner: Corner = "c"
    mirror: bool = False
    turn_deg: float = 0.0
    brightness: float = 1.0

    def of(self, pictures: np.ndarray, size: int) -> np.ndarray:
        """(t, size, size, 3) uint8 from (t, h, w, 3) uint8.

        Example:
            >>> ClipView(mirror=True).of(np.zeros((2, 48, 64, 3), np.uint8), 32).shape
            (2, 32, 32, 3)
        """
        box = _square(self.corner, *pictures.shape[1:3])
        return np.stack([self._one(picture, box, size) for picture in pictures])

    def _one(self, pixels: np.ndarray, box: tuple[int, int, int, int], size: int) -> np.ndarray:
        picture = Image.fromarray(pixels)
        if box != (0, 0, size, size) or picture.size != (size, size):
            picture = picture.crop(box).resize((size, size), Image.Resampling.BILINEAR)
        if self.mirror:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if self.turn_deg:
            picture = picture.rotate(self.turn_deg, Image.Resampling.BILINEAR)
        if self.brightness != 1.0:
            picture = ImageEnhance.Brightness(picture).enhance(self.brightness)
        return np.asarray(picture)


def draw_view(augment: ClipAugment, rng: np.random.Generator) -> ClipView:
    """A random training view; amounts are drawn uniformly."""
    corner = CORNERS[int(rng.integers(len(CORNERS)))] if augment.corners else "c"
    if rng.random() >= augment.chance:
        return ClipView(corner)
    change = int(rng.integers(3))
    if change == 0:
        return ClipView(corner, mirror=True)
    if change == 1:
        return ClipView(corner, turn_deg=float(rng.uniform(-augment.turn_deg, augment.turn_deg)))
    return ClipView(corner, brightness=float(rng.uniform(augment.darkest, 1.0)))


def centre_square(picture: np.ndarray, size: int) -> np.ndarray:
    """The shorter side scaled to `size`, then the central square, (size, size, 3), as in the references."""
    height, width = picture.shape[:2]
    side = min(height, width)
    shape = (int(size * width / side), int(size * height / side))
    scaled = np.asarray(Image.fromarray(picture).resize(shape, Image.Resampling.BILINEAR))
    top, left = (round((side - size) / 2) for side in scaled.shape[:2])
    return scaled[top : top + size, left : left + size]


def _square(corner: Corner, height: int, width: int) -> tuple[int, int, int, int]:
    """Left, top, right and bottom edge of the largest square."""
    side = min(height, width)
    if corner == "c":
        # parity: an odd side is rounded, so that the square may exceed the picture by one (black) pixel.
        half = round(side / 2)
        across, down = round(width / 2), round(height / 2)
        return across - half, down - half, across + half, down + half
    left = width - side if corner[1] == "r" else 0
    top = height - side if corner[0] == "b" else 0
    return left, top, left + side, top + side
