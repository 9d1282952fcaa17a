"""Whether a picture looks like a face crop by its size, and notes on pictures that do not."""

from __future__ import annotations

import numpy as np

from affekt.core.notes import note

# Face crops are nearly square and rarely wider than high; photos are 4:3, 3:2 or 16:9.
MAX_WIDTH_BY_HEIGHT = 1.3
MAX_HEIGHT_BY_WIDTH = 1.45  # a photo of 2:3 exceeds it, even with rounded sides
PHOTO_ASPECT = (3, 4)  # of cameras held upright
PHOTO_ASPECT_SIDE = 480  # longer side in pixels from which exactly this aspect is taken for a photo
PHOTO_SIDE = 1000  # longer side in pixels from which any picture is taken for a photo
SQUARE_CROP_SIDE = 1024  # data sets of large aligned faces have square pictures of this size
MAX_ENLARGED = 2.0  # factor of enlargement to the network's input size up to which there is no note


def looks_like_photo(width: int, height: int) -> bool:
    """Whether a picture of this size in pixels is a whole photo rather than a face crop."""
    is_crop_of_a_data_set = height == width <= SQUARE_CROP_SIDE
    is_large = max(height, width) >= PHOTO_SIDE and not is_crop_of_a_data_set
    is_upright_photo = height >= PHOTO_ASPECT_SIDE and width * PHOTO_ASPECT[1] == height * PHOTO_ASPECT[0]
    return is_large or is_upright_photo or not has_aspect_of_crop(width, height)


def has_aspect_of_crop(width: int, height: int) -> bool:
    """Whether a picture is neither much wider than high nor much higher than wide."""
    return width <= MAX_WIDTH_BY_HEIGHT * height and height <= MAX_HEIGHT_BY_WIDTH * width


def note_if_no_crop(pixels: np.ndarray, side: int) -> None:
    """Add a note if a picture looks like a whole photo, is too small for a face, or is blank.

    Args:
        pixels: (h, w, ...), as decoded.
        side: Side of the network's square input, in pixels.
    """
    height, width = pixels.shape[:2]
    if looks_like_photo(width, height):
        note(
            f"no face was searched for: {width} x {height} pixels look like a whole photo, not a face crop; "
            "affekt predict with --faces auto, its default, finds the faces of photos"
        )
    if min(height, width) * MAX_ENLARGED < side:
        note(
            f"the picture has only {width} x {height} pixels and was enlarged to {side} x {side}: "
            "the details of a face are missing"
        )
    if pixels.min() == pixels.max():
        note("all pixels of the picture have the same value: it is blank")
