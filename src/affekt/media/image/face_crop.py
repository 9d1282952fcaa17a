"""Whether a picture can be a face crop, by its size: notes of networks that search for no face."""

from __future__ import annotations

import numpy as np

from affekt.core.notes import note

# Crops of faces are near square and seldom wider than high; photos are 4:3, 3:2, 16:9.
MAX_WIDTH_BY_HEIGHT = 1.3
MAX_HEIGHT_BY_WIDTH = 1.45  # 2:3 is that of a photo, also where its sides are rounded
PHOTO_ASPECT = (3, 4)  # of cameras held upright; exactly this aspect is taken for a photo from ...
PHOTO_ASPECT_SIDE = 480  # ... this longer side on, in pixels
PHOTO_SIDE = 1000  # pixels of the longer side, from which a picture is taken for a photo
SQUARE_CROP_SIDE = 1024  # data sets of large aligned faces are square and of this size
MAX_ENLARGED = 2.0  # times that a picture is enlarged to the network's size without a note


def note_if_no_crop(pixels: np.ndarray, side: int) -> None:
    """State that a picture is no face crop by its size or aspect, is too small for a face, or is blank.

    Args:
        pixels: (h, w, ...), as decoded.
        side: Of the square that the network sees, in pixels.
    """
    height, width = pixels.shape[:2]
    is_crop_of_a_data_set = height == width <= SQUARE_CROP_SIDE
    is_large = max(height, width) >= PHOTO_SIDE and not is_crop_of_a_data_set
    is_upright_photo = height >= PHOTO_ASPECT_SIDE and width * PHOTO_ASPECT[1] == height * PHOTO_ASPECT[0]
    if (
        is_large
        or is_upright_photo
        or width > MAX_WIDTH_BY_HEIGHT * height
        or height > MAX_HEIGHT_BY_WIDTH * width
    ):
        note(
            f"no face was searched for: {width} x {height} pixels look like a whole photo, not a face crop; "
            "crop the face first"
        )
    if min(height, width) * MAX_ENLARGED < side:
        note(
            f"the picture has only {width} x {height} pixels and was enlarged to {side} x {side}: "
            "the details of a face are missing"
        )
    if pixels.min() == pixels.max():
        note("all pixels of the picture have the same value: it shows nothing")
