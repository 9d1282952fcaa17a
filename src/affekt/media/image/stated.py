"""What a picture file states besides its pixels: their value range, further pages, its format."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from affekt.core.notes import note
from affekt.core.wording import plural
from affekt.media.image.values import StatedRange
from affekt.media.kinds import HEAD_BYTES, described, kind_of

MAX_PAGES = 100  # pages of a file that are examined
MAX_CHUNKS = 1000  # chunks of a PNG file that are searched for its significant bits

# What Pillow's decoders raise for damaged files; also warnings, where the caller turned them into errors.
DECODER_ERRORS = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError, ArithmeticError, MemoryError,
    RuntimeError, zlib.error, struct.error, UserWarning,
)  # fmt: skip

# TIFF tags, numbered as in its standard.
_SUBFILE, _BITS, _PHOTOMETRIC, _MAX_SAMPLE = 254, 258, 262, 281
_SAMPLE_FORMAT, _SMIN_SAMPLE, _SMAX_SAMPLE = 339, 340, 341
_REDUCED, _MASK = 1, 4  # bits of NewSubfileType: a preview, a transparency mask
_MP_ENTRIES = 0xB002  # of the index of a multi-picture JPEG
_MULTI_FRAME = "Multi-Frame"  # start of Pillow's names for panoramas, stereo pairs and multi-angle pictures

# Formats that are not read, by their first bytes.
_UNREAD = (
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\x00\x00\x00\x0cJXL ", "a JPEG XL picture"),
    (b"8BPS", "a Photoshop document"),
    (b"%PDF", "a PDF document"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"II*\x00", "a TIFF of a kind that is not read, such as raw camera data or floating-point colour"),
    (b"MM\x00*", "a TIFF of a kind that is not read, such as raw camera data or floating-point colour"),
)


def stated_range(image: Image.Image, content: bytes | None) -> StatedRange | None:
    """Black and white of a grey picture of more than 8 bits as its file states them; None if it does not.

    Args:
        image: Opened, not loaded: loading discards the information for some formats.
        content: The bytes of the file, if available.
    """
    tags = getattr(image, "tag_v2", None)
    if tags is not None:
        return _range_of_tiff(tags)
    if image.format == "PPM" and _ppm_white(image) not in (None, 65535):
        # Pillow has already scaled the values to 16 bits by the white value that the file states.
        return StatedRange(0.0, 65535.0)
    if image.format == "PNG" and content is not None and (bits := _significant_bits(content)):
        return StatedRange(0.0, 2.0**bits - 1, f"the file states {bits} significant bits")
    return None


def stored_type(image: Image.Image) -> np.dtype | None:
    """Integer type of a file's values where Pillow stores them in another type; else None."""
    if image.mode == "F":
        return None
    tags = getattr(image, "tag_v2", None)
    if tags is not None:
        bits, kind = _number(tags.get(_BITS)), _number(tags.get(_SAMPLE_FORMAT)) or 1
        name = f"{'uint' if kind == 1 else 'int'}{16 if bits != 32 else 32}"
        return np.dtype(name) if kind in (1, 2) else None
    return np.dtype(np.uint16) if image.format in ("PNG", "PPM") else None


def is_signed_8_bit(image: Image.Image) -> bool:
    """Whether a TIFF holds signed 8-bit numbers, which Pillow takes for unsigned ones."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and _number(tags.get(_SAMPLE_FORMAT)) == 2 and _number(tags.get(_BITS)) == 8


def is_white_zero(image: Image.Image) -> bool:
    """Whether 0 is white in a TIFF of more than 8 bits, which Pillow does not invert."""
    tags = getattr(image, "tag_v2", None)
    return tags is not None and tags.get(_PHOTOMETRIC) == 0


def choose_page(image: Image.Image, content: bytes | None) -> int:
    """The page to read of a TIFF or multi-picture JPEG: the first whole picture; further ones are noted.

    Previews and masks are not pages, nor are smaller pictures in a JPEG: previews, depth and gain maps.
    """
    if content is None or image.format not in ("TIFF", "MPO"):
        return 0
    whole = _whole_pages(Image.open(io.BytesIO(content), formats=["TIFF", "JPEG"]))
    if len(whole) > 1:
        more = len(whole) - 1
        kind = "page" if image.format == "TIFF" else "picture"
        at_least = "at least " if whole[-1] == MAX_PAGES - 1 else ""
        note(
            f"the file holds {at_least}{more} further {kind if more == 1 else plural(kind)}: "
            "only the first was read"
        )
    return whole[0] if whole else 0


def format_of(content: bytes) -> str:
    """Description of bytes that no decoder accepts."""
    for start, kind in _UNREAD:
        if content.startswith(start):
            return f"it is {kind}, which is not decoded: convert it to an 8-bit JPEG or PNG"
    if content[4:8] == b"ftyp" and (kind := kind_of(content)) and kind.medium == "image":
        return f"it is {kind.name}, which cannot be decoded here: convert it to JPEG or PNG"
    return described(content[:HEAD_BYTES], wanted="image")


def _whole_pages(image: Image.Image) -> list[int]:
    whole: list[int] = []
    size = image.size
    for number in range(MAX_PAGES):
        try:
            image.seek(number)
        except (*DECODER_ERRORS, Image.DecompressionBombError):
            break  # after the last page, or a damaged page
        if image.format == "TIFF":
            subfile = getattr(image, "tag_v2", {}).get(_SUBFILE, 0)
            if isinstance(subfile, int) and subfile & (_REDUCED | _MASK):
                continue
        elif number and not (image.size == size or _is_multi_frame(image, number)):
            continue
        whole.append(number)
    return whole


def _is_multi_frame(image: Image.Image, number: int) -> bool:
    entries = getattr(image, "mpinfo", {}).get(_MP_ENTRIES, ())
    kind = entries[number]["Attribute"]["MPType"] if number < len(entries) else ""
    return kind.startswith(_MULTI_FRAME)


def _range_of_tiff(tags: Mapping[int, Any]) -> StatedRange | None:
    bits = _number(tags.get(_BITS)) or 0.0
    white, black = _number(tags.get(_SMAX_SAMPLE)), _number(tags.get(_SMIN_SAMPLE)) or 0.0
    if white is not None and white > black:
        is_container = black == 0 and white == 2**bits - 1
        return StatedRange(black, white, "" if is_container else "the file states this range")
    # MaxSampleValue is meant as a statistic, but the largest value of a common bit depth states a range.
    largest = _number(tags.get(_MAX_SAMPLE))
    if largest is not None and StatedRange(0.0, largest).is_usual and 255 <= largest < 2**bits - 1:
        return StatedRange(0.0, largest, "the file states this range")
    return StatedRange(0.0, 2**bits - 1) if 8 < bits < 16 else None


def _number(value: Any) -> float | None:
    """The first value of a tag, if it is a finite number."""
    value = value[0] if isinstance(value, tuple) and value else value
    try:
        found = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return found if abs(found) < float("inf") else None


def _ppm_white(image: Image.Image) -> int | None:
    """The maximum value that a PPM file states, if Pillow scales by it."""
    tiles = getattr(image, "tile", None)
    arguments = tiles[0][3] if tiles else None
    return int(arguments[1]) if isinstance(arguments, tuple) and len(arguments) == 2 else None


def _significant_bits(content: bytes) -> int | None:
    """Significant bits by the sBIT chunk of a PNG file, which precedes the pixels; the channels' maximum."""
    place = 8
    for _ in range(MAX_CHUNKS):
        header = content[place : place + 8]
        if len(header) < 8 or header[4:] == b"IDAT":
            return None
        (size,) = struct.unpack(">I", header[:4])
        if header[4:] == b"sBIT" and 0 < size <= 4:
            bits = max(content[place + 8 : place + 8 + min(size, 3)], default=0)
            return bits if 8 <= bits < 16 else None
        place += 12 + size
    return None
