"""Pictures in memory: arrays of pixels, whose layout and value range are inferred."""

from __future__ import annotations

import numpy as np
from PIL import Image

from affekt.core.errors import MediaError
from affekt.core.notes import note
from affekt.media.image.values import as_uint8

CHANNELS = (1, 3, 4)  # grey, RGB, RGBA
LAYOUTS = (
    "(h, w) grey, (h, w, 3) RGB, (h, w, 4) RGB with transparency, (h, w, 1), or the same with channels first"
)


def as_pixels(array: np.ndarray) -> np.ndarray:
    """Pixels (h, w, 3) uint8 RGB of an array.

    uint8 is taken as it is, other types are scaled as described in `media.image.values`. Three axes are
    (h, w, c), or (c, h, w) if only the first axis can be channels. Transparent parts are put on white.

    Raises:
        MediaError: The array is empty, its layout is not that of a picture, or its value range is unclear.

    Example:
        >>> as_pixels(np.zeros((3, 20, 10), np.float32)).shape
        (20, 10, 3)
    """
    check_layout(array)
    if array.dtype == np.uint8 and array.ndim == 3 and array.shape[2] == 3:
        return array
    if array.ndim == 3 and array.shape[2] not in CHANNELS:
        array = np.moveaxis(array, 0, 2)
    if array.ndim == 2:
        array = array[..., None]
    pixels = as_uint8(array[..., :3], "the array")
    if array.shape[2] == 4:
        opacity = as_uint8(array[..., 3], "the array's transparency")
        return np.asarray(on_white(Image.fromarray(np.dstack([pixels, opacity]))))
    return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)


def check_layout(array: np.ndarray) -> None:
    """Refuse an array that is not one picture.

    Raises:
        MediaError: It is empty, holds no numbers, or its axes are not those of a picture.
    """
    shape, found = array.shape, f"found {array.dtype} of shape {array.shape}"
    if not array.size:
        raise MediaError(f"the array is empty: {found}")
    if array.dtype.kind not in "buif":
        raise MediaError(f"an array of pixels holds numbers, {found}")
    if array.ndim == 4:
        raise MediaError(
            f"an array of one picture has 2 or 3 axes, {found}: predict takes several pictures as one array"
        )
    if array.ndim not in (2, 3) or (array.ndim == 3 and not {shape[0], shape[2]} & {*CHANNELS}):
        raise MediaError(f"an array of pixels has the axes {LAYOUTS}; {found}")
    if array.ndim == 2 and shape[1] in CHANNELS:
        raise MediaError(
            f"an array of {len(array)} rows of {shape[1]} values may be a list of pixels: "
            f"a picture has the axes {LAYOUTS}; {found}"
        )


def on_white(layer: Image.Image) -> Image.Image:
    """RGB of a picture with transparency on white; a fully transparent picture is taken as opaque.

    Otherwise 32-bit files whose fourth channel was left at 0 would be entirely white.
    """
    if layer.getchannel("A").getextrema() == (0, 0):
        note("the picture is fully transparent: its colours were read without the transparency")
        return layer.convert("RGB")
    return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
