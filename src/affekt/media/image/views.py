"""Augmentation of pictures for training. Pure functions of pixels and a random generator."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image


def mirrored(pixels: np.ndarray) -> np.ndarray:
    """Horizontal mirror image; (h, w) or (h, w, c)."""
    return pixels[:, ::-1]


def moved(
    pixels: np.ndarray,
    rng: np.random.Generator,
    *,
    turn_deg: float,
    stretch: float,
    shift: float,
) -> np.ndarray:
    """Random rotation, scaling and translation about the centre; areas beyond the picture repeat its edge.

    Args:
        pixels: uint8 (h, w) or (h, w, 3).
        turn_deg: Largest rotation in either direction, in degrees.
        stretch: Largest relative change of size.
        shift: Largest translation, relative to the side.
    """
    height, width = pixels.shape[:2]
    angle = math.radians(turn_deg * rng.uniform(-1, 1))
    size = 1 + stretch * rng.uniform(-1, 1)
    right, down = shift * width * rng.uniform(-1, 1), shift * height * rng.uniform(-1, 1)
    cos, sin = math.cos(angle) / size, math.sin(angle) / size
    # Pillow maps each output pixel to a position in the input, which is padded with edge pixels.
    border = math.ceil(max(height, width) * (0.25 + shift))
    wide = np.pad(pixels, [(border, border), (border, border), *[(0, 0)] * (pixels.ndim - 2)], mode="edge")
    x, y = width / 2, height / 2
    matrix = (
        cos, sin, x + border - cos * (x + right) - sin * (y + down),
        -sin, cos, y + border + sin * (x + right) - cos * (y + down),
    )  # fmt: skip
    image = Image.fromarray(wide)
    return np.asarray(
        image.transform((width, height), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    )


def erased(
    channels: np.ndarray,
    rng: np.random.Generator,
    *,
    chance: float,
    area: tuple[float, float],
    ratio: tuple[float, float] = (0.3, 3.3),
) -> np.ndarray:
    """Random erasing: a random rectangle is set to zero.

    Args:
        channels: float (c, h, w), already normalised: zero is the mean.
        chance: Probability that a rectangle is erased.
        area: Smallest and largest share of the picture.
        ratio: Smallest and largest ratio of height to width, drawn uniformly on a logarithmic scale.

    Source: Zhong et al., Random Erasing Data Augmentation, AAAI 2020.
    """
    if rng.random() >= chance:
        return channels
    _, height, width = channels.shape
    for _ in range(10):  # a rectangle that does not fit is drawn again
        pixels = height * width * rng.uniform(area[0], area[1])
        aspect = math.exp(rng.uniform(math.log(ratio[0]), math.log(ratio[1])))
        h, w = round(math.sqrt(pixels * aspect)), round(math.sqrt(pixels / aspect))
        if 0 < h < height and 0 < w < width:
            top, left = rng.integers(0, height - h + 1), rng.integers(0, width - w + 1)
            blank = channels.copy()
            blank[:, top : top + h, left : left + w] = 0
            return blank
    return channels
