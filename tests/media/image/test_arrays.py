"""Arrays with an unambiguous layout and range are read as pictures; others are refused with a reason."""

import numpy as np
import pytest

from affekt.core.errors import MediaError
from affekt.media.image import read_image

RGB = np.random.default_rng(0).integers(0, 256, (12, 8, 3), dtype=np.uint8)
GREY = np.repeat(RGB[..., :1], 3, axis=2)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (RGB[..., 0], GREY),
        (RGB[..., :1], GREY),
        (RGB.transpose(2, 0, 1), RGB),
        (RGB[..., :1].transpose(2, 0, 1), GREY),
        (np.dstack([RGB, np.full((12, 8), 255, np.uint8)]), RGB),
        (RGB / 255, RGB),
        (RGB.astype(np.float32).transpose(2, 0, 1) / 255, RGB),
        (RGB.astype(np.uint16) * 257, RGB),
        (RGB.astype(np.int64), RGB),
    ],
)
def test_an_unambiguous_layout_is_read(array, expected):
    before = array.copy()
    np.testing.assert_array_equal(read_image(array), expected)
    np.testing.assert_array_equal(array, before)


def test_transparent_pixels_of_an_array_become_white():
    layers = np.dstack([RGB, np.full((12, 8), 255, np.uint8)])
    layers[0, 0, 3] = 0
    pixels = read_image(layers)
    assert pixels[0, 0].tolist() == [255, 255, 255]
    np.testing.assert_array_equal(pixels[1:], RGB[1:])


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (RGB[:0], "is empty"),
        (np.zeros((0, 0), np.uint8), "is empty"),
        (RGB[None], r"2 or 3 axes.*\(1, 12, 8, 3\)"),
        (RGB[..., :2], r"\(h, w, 3\) RGB.*\(12, 8, 2\)"),
        (np.zeros((48, 3), np.uint8), "may be a list of pixels"),
        (np.zeros(48, np.uint8), r"has the axes"),
        (np.array(["a.png"]), "holds numbers"),
        (RGB.astype(complex), "holds numbers"),
        (RGB / 255 - 0.5, "negative"),
        (np.full((8, 8), np.nan), "NaN"),
    ],
)
def test_the_error_for_an_invalid_array_states_the_reason(array, reason):
    with pytest.raises(MediaError, match=reason):
        read_image(array)
