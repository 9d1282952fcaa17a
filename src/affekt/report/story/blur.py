"""Faces made unrecognisable to people: a coarse mosaic, blurred, over the box with a margin.

It hides who somebody is from a viewer. It is no proof against a network: of a few known persons, one that was
trained on pixelated faces can tell who it is (McPherson et al., 2016, "Defeating Image Obfuscation with Deep
Learning"). A face that was not found is covered only where none was found in its whole shot.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageFilter

from affekt.core.timeline.parts import Box

CELLS = 4  # of the mosaic along each side of a face
MARGIN = 0.35  # of the box on each side: detectors leave out hair, ears and chin
_STAYS = "Voices and words stay as they are: look through the video before you pass it on."
LIMITS = (
    "Faces that were found are blurred, and the whole picture in shots in which none was found. Faces that "
    f"were not found are not blurred where others were found in their shot. {_STAYS}"
)
LIMITS_OF_PICTURE = (
    "Faces that were found are blurred. Faces that were not found are not: look at the picture before you "
    "pass it on."
)
WHOLE = f"No face was found, so the whole picture is blurred. {_STAYS}"
WHOLE_OF_PICTURE = "No face was found, so the whole picture is blurred."
_CELLS_OF_ALL = 12  # of a whole picture, whose content nobody looked at


def blur_boxes(pixels: np.ndarray, boxes: Iterable[Box]) -> None:
    """Blur boxes of a picture, (h, w, 3) uint8, in place."""
    height, width = pixels.shape[:2]
    for box in boxes:
        margin_x, margin_y = MARGIN * (box.right - box.left), MARGIN * (box.bottom - box.top)
        left = max(math.floor((box.left - margin_x) * width), 0)
        right = min(math.ceil((box.right + margin_x) * width), width)
        top = max(math.floor((box.top - margin_y) * height), 0)
        bottom = min(math.ceil((box.bottom + margin_y) * height), height)
        if left < right and top < bottom:
            pixels[top:bottom, left:right] = _mosaic(pixels[top:bottom, left:right], CELLS)


def blur_all(pixels: np.ndarray) -> None:
    """Blur a whole picture, (h, w, 3) uint8, in place."""
    pixels[:] = _mosaic(pixels, _CELLS_OF_ALL)


def _mosaic(part: np.ndarray, cells: int) -> np.ndarray:
    height, width = part.shape[:2]
    picture = Image.fromarray(np.ascontiguousarray(part))
    small = picture.resize((min(cells, width), min(cells, height)), Image.Resampling.BOX)
    large = small.resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(large.filter(ImageFilter.BoxBlur(max(height, width) / cells / 3)))
