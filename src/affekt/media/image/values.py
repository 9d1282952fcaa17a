"""Which pixel value is white: conversion of pixels of more than 8 bits, or floating point, to 8 bits.

Files and arrays often store 8 or 12 bits in 16 or 32, so the type alone does not define how bright a value
is. The range is taken from, in this order:

1. The range that the file states (`StatedRange`), if the values lie in it.
2. Integers: values that are all multiples of 257 are 8 bits widened to 16. Otherwise the smallest of 8, 10,
   12, 14 and 16 bits that holds the largest value, else the full range of the type. A picture of 16 bits that
   is darker than a quarter of white is therefore read as one of fewer bits; a note states this.
3. Floating point: 0 to 1 if no value is above 1, 0 to 255 if the largest lies between `DARKEST_BYTES` and
   255, and as integers if all are whole numbers above 255.

All other values, negative values, NaN and infinity are refused.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.notes import note

BITS = (8, 10, 12, 14, 16)  # depths of cameras, scanners and files
WIDENED = 257  # factor from the full range of 8 bits to that of 16 bits
# Smallest maximum of a floating-point picture that is read as 0 to 255. A maximum between 1 and this is
# ambiguous: the values may be 0 to 1 with overshoots, which would become black.
DARKEST_BYTES = 16.0
ROUNDING = 1e-4  # tolerance of floating-point values at 0 and 1
FULL_SHARE = (
    0.25  # share of the range of a type of more than 16 bits that the maximum reaches if all of it is used
)


class StatedRange(NamedTuple):
    """The values of black and white that a file states.

    Attributes:
        source: Text for notes on where the range is stated; empty for the regular field of the format.
    """

    black: float
    white: float
    source: str = ""

    @property
    def is_usual(self) -> bool:
        """Whether it is 0 to 1, or 0 to the largest value of a common bit depth."""
        return self.black == 0 and self.white in (1, *(2**bits - 1 for bits in (*BITS, 32)))


def as_uint8(values: np.ndarray, name: str, *, stated: StatedRange | None = None) -> np.ndarray:
    """Pixel values as uint8, 0 black and 255 white; of the same shape. uint8 is returned unchanged.

    A note states any scaling other than by the full range of the type or format.

    Args:
        values: Integers, floating-point numbers or booleans, of any non-empty shape.
        name: Name of the picture in error messages.
        stated: The range that the file states.

    Raises:
        MediaError: The values are negative or not finite, or it is not clear which of them is white.

    Example:
        >>> as_uint8(np.array([0, 2048, 4095], np.uint16), "a").tolist()
        [0, 128, 255]
    """
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * 255
    if values.dtype.kind not in "uif":
        raise MediaError(f"{name} has pixel values of type {values.dtype}; numbers are expected")
    low, high = values.min(), values.max()
    if not (np.isfinite(low) and np.isfinite(high)):
        raise MediaError(
            f"{name} has pixel values that are NaN or infinite: replace them, or save it as 8 bit"
        )
    if stated is not None and not stated.black <= low <= high <= stated.white:
        stated = None
    # A stated range that equals the extremes of the values and does not start at 0 is probably a statistic:
    # it is used only if nothing else fits.
    is_statistic = stated is not None and 0 < stated.black == low and high == stated.white
    if stated is not None and not is_statistic:
        return _by_stated(values, stated)
    if low < (-ROUNDING if values.dtype.kind == "f" else 0):
        raise MediaError(
            f"{name} has negative pixel values (down to {low:.6g}), so black and white are unknown: "
            "scale them to 0 to 255 and save it as 8 bit"
        )
    is_float = values.dtype.kind == "f"
    white = _white_of_floats(values, float(high)) if is_float else _white_of_integers(values, int(high))
    if white is not None:
        return _scaled(values, 0.0, float(white))
    if stated is not None:
        return _by_stated(values, stated)
    kind = "in floating point" if is_float else f"in {values.dtype.itemsize * 8} bits"
    raise MediaError(
        f"{name} has pixel values up to {high:.6g} {kind}, and it is not clear which value is white: "
        "scale them to 0 to 255 and save it as 8 bit"
    )


def _by_stated(values: np.ndarray, stated: StatedRange) -> np.ndarray:
    if stated.source:
        note(
            f"pixel values {stated.black:.6g} to {stated.white:.6g} were read as black to white: "
            f"{stated.source}"
        )
    return _scaled(values, stated.black, stated.white)


def _white_of_integers(values: np.ndarray, high: int) -> int | None:
    """The value of white; None if no common range fits."""
    container = values.dtype.itemsize * 8
    full = int(np.iinfo(values.dtype).max)
    if 255 < high <= 65535 and not (values % WIDENED).any():
        if full != 65535:
            _note_bits(container, 16)
        return 65535
    for bits in BITS:
        if high < 2**bits <= full + 1:
            if high > 0 and 2**bits <= full:
                _note_bits(container, bits)
            return 2**bits - 1
    return full if high >= FULL_SHARE * full and container > 8 else None


def _white_of_floats(values: np.ndarray, high: float) -> float | None:
    if high <= 1 + ROUNDING:
        note("floating-point pixel values were read as 0 (black) to 1 (white)")
        return 1.0
    if DARKEST_BYTES <= high <= 255 + ROUNDING:
        note("floating-point pixel values were read as 0 (black) to 255 (white)")
        return 255.0
    if high > 255 and high < 2 ** BITS[-1] and not (values % 1).any():
        white = next(2.0**bits - 1 for bits in BITS if high < 2**bits)
        note(f"floating-point pixel values were read as 0 (black) to {white:.0f} (white)")
        return white
    return None


def _note_bits(container: int, bits: int) -> None:
    note(f"pixel values 0 to {2**bits - 1} in {container} bits were read as {bits} bit")


def _scaled(values: np.ndarray, black: float, white: float) -> np.ndarray:
    if values.dtype.kind == "u" and black == 0 and values.dtype.itemsize == 2:
        table = np.minimum(
            np.arange(2**16) * (255 / white) + 0.5, 255
        )  # a lookup table avoids a floating-point copy
        return table.astype(np.uint8)[values]
    wide = np.float64 if values.dtype.itemsize >= 4 and values.dtype.kind != "f" else np.float32
    share = (values.astype(wide) - wide(black)) * wide(255 / (white - black))
    return np.clip(share + wide(0.5), 0, 255).astype(np.uint8)
