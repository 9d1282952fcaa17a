"""Colour of 16 bits: Pillow keeps the upper 8 bits; all 16 are read where the upper ones are too dark.

A picture of 8 or 12 bits that is stored in 16 is black or nearly black in its upper bytes.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
from PIL import Image

DARK = 64  # upper bytes below this: the picture uses less than a quarter of 16 bits
# Pillow's names of 16-bit pixel formats; formats with premultiplied transparency are not included.
_BITS, _COMPRESSION, _PLANES = 258, 259, 284  # TIFF tags
_RAWMODES = ("RGB;16", "RGBX;16", "RGBA;16", "LA;16")


def is_deep_colour(image: Image.Image) -> bool:
    """Whether an opened but not yet loaded picture has colour or transparency of 16 bits."""
    if image.mode not in ("RGB", "RGBA") or not _tiles(image):
        return False
    codec, _, _, arguments = _tiles(image)[0]
    if image.format == "PPM":  # Pillow has already scaled files with any other maximum
        return codec == "ppm" and arguments == ("RGB", 65535)
    is_known = image.format in ("PNG", "TIFF") and _rawmode(arguments).startswith(_RAWMODES)
    return is_known and not has_deep_planes(image)


def has_deep_planes(image: Image.Image) -> bool:
    """Whether a TIFF stores 16-bit colours plane by plane; Pillow reads only their upper bytes.

    Without compression Pillow even takes the two bytes of a value for two pixels.
    """
    tags = getattr(image, "tag_v2", {})
    bits = tags.get(_BITS)
    return tags.get(_PLANES) == 2 and isinstance(bits, tuple) and len(bits) > 1 and max(bits) > 8


def is_dark(pixels: np.ndarray) -> bool:
    """Whether the colour of (h, w, 3 or 4) uint8 pixels leaves most of the range unused."""
    return int(pixels[..., :3].max()) < DARK


def decode_deep(content: bytes, *, kind: str, page: int, upper: np.ndarray) -> np.ndarray:
    """All 16 bits of a picture's colour: (h, w, 3 or 4) uint16.

    Args:
        kind: Pillow's name of the format.
        upper: The upper bytes, as Pillow loaded them: (h, w, 3 or 4) uint8.

    Raises:
        OSError: The file is damaged; Pillow may also raise any other of `DECODER_ERRORS`.
    """
    image = Image.open(io.BytesIO(content), formats=[kind])
    if page:
        image.seek(page)
    tiles = _tiles(image)
    if kind == "PPM":
        width, height = image.size
        values = np.frombuffer(content, ">u2", width * height * 3, offset=tiles[0][2])
        return values.reshape(height, width, 3).astype(np.uint16)
    is_grey = "LA;16" in _rawmode(tiles[0][3])
    # Pillow unpacks the first or the second byte of each value, depending on the stated byte order.
    image.tile = [_with_arguments(tile, _other_bytes(tile[3])) for tile in tiles]
    loaded = np.asarray(image)
    if is_grey:  # four bytes per pixel, unchanged: grey and transparency
        grey, alpha = (loaded[..., at].astype(np.uint16) << 8 | loaded[..., at + 1] for at in (0, 2))
        return np.stack([grey, grey, grey, alpha], axis=-1)
    return upper.astype(np.uint16) << 8 | loaded


def is_compressed(image: Image.Image) -> bool:
    """Whether a TIFF is compressed."""
    return getattr(image, "tag_v2", {}).get(_COMPRESSION, 1) != 1


def _tiles(image: Image.Image) -> list[Any]:
    return getattr(image, "tile", None) or []


def _rawmode(arguments: object) -> str:
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def _with_arguments(tile: Any, arguments: object) -> Any:
    """A tile with other arguments; tiles are plain tuples in Pillow before 11.1."""
    return tile._replace(args=arguments) if hasattr(tile, "_replace") else (*tile[:3], arguments)


def _other_bytes(arguments: object) -> object:
    rawmode = _rawmode(arguments)
    if rawmode == "LA;16B":
        return "RGBA"
    is_big = rawmode.endswith("B") or (rawmode.endswith("N") and sys.byteorder == "big")
    other = rawmode[:-1] + ("L" if is_big else "B")
    return (other, *arguments[1:]) if isinstance(arguments, tuple) else other
