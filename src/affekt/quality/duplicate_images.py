"""Pictures that show the same: found by a hash that survives recompression, light, small crops and mirrors.

The hash holds the signs of a picture's lowest frequencies (a cosine transform). Pairs whose hashes differ in
at most `MOST_BITS` of 64 bits are found exactly, without comparing each with each: of `MOST_BITS` + 1 bands
of bits at least one must be equal (the pigeonhole principle). Small pictures of the candidates then decide,
in grey and in colour: a grey copy is a copy, the same shape in another colour is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affekt.media.image import resize, to_grey

MOST_BITS = 5
# Mean absolute difference of two small pictures, relative to their standard deviation. Among 30000 faces of
# FER2013, all of 120 inspected pairs below 0.25 were the same photograph, and 38 of 40 from 0.25 to 0.3.
MOST_DIFFERENT = 0.22
FLATTEST = 4.0  # grey levels of standard deviation; a flatter picture is not compared
COLORFUL = 8.0  # levels of 255 of mean tint; the colours of a paler picture are not compared
# Correlation of the tints. Of 94 faces, invented clips and frames of films, copies had at least 0.74 (JPEG of
# quality 30, light, saturation, small crops); with hues turned by 60 degrees they had at most 0.55, by 120
# degrees less than 0. A cast of 12 % in red and blue on a pale picture can be below.
LEAST_ALIKE = 0.5

_BITS = 64
_SIDE, _SMALL = 32, 16
_ORDERS = sorted(((row, column) for row in range(12) for column in range(12)), key=lambda it: (sum(it), it))
_ROWS, _COLUMNS = np.array(_ORDERS[1 : _BITS + 1]).T  # the lowest frequencies, without the mean
_WAVES = np.cos(np.pi * np.outer(np.arange(12), np.arange(_SIDE) + 0.5) / _SIDE)
# Mirroring changes the sign of the waves that are odd from left to right.
_MIRROR = np.packbits(_COLUMNS % 2 == 1).view(np.uint64)[0]
_ONES = (
    np.unpackbits(np.arange(2**16, dtype=np.uint16).view(np.uint8))
    .reshape(-1, 16)
    .sum(axis=1, dtype=np.uint8)
)


class ImagePrint(NamedTuple):
    """What is kept of a picture: its hash, a grey picture of 16 x 16 (uint8), and its tint.

    Attributes:
        tint: (4, 4, 2) int16, for each of 4 x 4 fields red minus green and their mean minus blue; 0 is grey.
    """

    hash: np.uint64
    small: np.ndarray
    tint: np.ndarray


class Pair(NamedTuple):
    """Indices of two pictures that show the same, one perhaps mirrored."""

    one: int
    other: int
    mirrored: bool


def image_print(pixels: np.ndarray) -> ImagePrint:
    """The print of uint8 pixels (h, w, 3)."""
    grey = resize(to_grey(pixels), _SIDE, _SIDE).astype(np.float64)
    strengths = (_WAVES @ grey @ _WAVES.T)[_ROWS, _COLUMNS]
    step = _SIDE // _SMALL
    small = grey.reshape(_SMALL, step, _SMALL, step).mean(axis=(1, 3)).round().astype(np.uint8)
    return ImagePrint(np.packbits(strengths > 0).view(np.uint64)[0], small, _tint(pixels))


def find_image_pairs(prints: Sequence[ImagePrint], *, neighbours: int | None = None) -> list[Pair]:
    """Pairs that connect all pictures which show the same; flat pictures are in none.

    Of pictures with equal prints only the first is compared with the others: a placeholder that occurs a
    thousand times in a folder would give half a million pairs.

    Args:
        neighbours: As in `find_near`.
    """
    firsts: dict[bytes, int] = {}
    copies: list[Pair] = []
    for place, one in enumerate(prints):
        first = firsts.setdefault(b"".join(part.tobytes() for part in one), place)
        if first != place and one.small.std() >= FLATTEST:
            copies.append(Pair(first, place, False))
    distinct = list(firsts.values())
    between = _pairs_of_distinct([prints[place] for place in distinct], neighbours) if distinct else []
    return sorted(copies + [Pair(distinct[one], distinct[other], turned) for one, other, turned in between])


def _pairs_of_distinct(prints: Sequence[ImagePrint], neighbours: int | None) -> list[Pair]:
    """All pairs that show the same."""
    small = np.stack([one.small for one in prints])
    is_comparable = small.std(axis=(1, 2)) >= FLATTEST
    places = np.flatnonzero(is_comparable)
    hashes = np.array([one.hash for one in prints], np.uint64)[places]
    count = len(places)
    # The pictures as they are, followed by the same pictures mirrored.
    found = find_near(np.concatenate([hashes, hashes ^ _MIRROR]), MOST_BITS, neighbours)
    one, other = found[found[:, 0] < count].T
    is_mirrored, other = other >= count, other % max(count, 1)
    ordered = one < other  # a mirrored pair is found twice, and a symmetrical picture pairs with itself
    one, other, is_mirrored = places[one[ordered]], places[other[ordered]], is_mirrored[ordered]
    agree = _agree(small, one, other, is_mirrored)
    for place in np.flatnonzero(agree):
        first, second = prints[one[place]].tint, prints[other[place]].tint
        agree[place] = not have_other_colors(first, second[:, ::-1] if is_mirrored[place] else second)
    seen: dict[tuple[int, int], bool] = {}
    for first, second, mirrored in zip(
        one[agree].tolist(), other[agree].tolist(), is_mirrored[agree].tolist(), strict=True
    ):
        seen[first, second] = seen.get((first, second), True) and mirrored
    return [Pair(first, second, mirrored) for (first, second), mirrored in seen.items()]


def have_other_colors(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two tints are those of different colours; False if one of the pictures is nearly grey."""
    first, second = one.astype(np.float64), other.astype(np.float64)
    if min(np.abs(first).mean(), np.abs(second).mean()) < COLORFUL:
        return False
    alike = (first * second).sum() / np.sqrt(np.square(first).sum() * np.square(second).sum())
    return bool(alike < LEAST_ALIKE)


def _tint(pixels: np.ndarray) -> np.ndarray:
    fields = resize(pixels, _SIDE, _SIDE).astype(np.float64).reshape(4, 8, 4, 8, 3).mean(axis=(1, 3))
    red, green, blue = np.moveaxis(fields, -1, 0)
    return np.stack([red - green, (red + green) / 2 - blue], axis=-1).round().astype(np.int16)


def find_near(hashes: np.ndarray, most_bits: int, neighbours: int | None = None) -> np.ndarray:
    """Pairs (n, 2) of indices, the smaller first, whose hashes (uint64) differ in at most `most_bits` bits.

    Args:
        neighbours: Each hash is compared with at most this many that share a band of bits. None: with all,
            which finds every pair. With a limit, thousands of similar pictures stay connected by few pairs.
    """
    found = [np.empty((0, 2), np.int64)]
    for band in range(most_bits + 1):
        bits = np.zeros(_BITS, bool)
        bits[band :: most_bits + 1] = True
        keys = hashes & np.packbits(bits).view(np.uint64)[0]
        order = np.argsort(keys, kind="stable")
        keys, sorted_hashes = keys[order], hashes[order]
        at, step = np.arange(len(order)), 1
        while len(at) and (
            neighbours is None or step <= neighbours
        ):  # `at`: sorted hashes whose neighbour `step` further on has the same key
            at = at[at + step < len(order)]
            at = at[keys[at] == keys[at + step]]
            near = at[_differing(sorted_hashes[at], sorted_hashes[at + step]) <= most_bits]
            found.append(np.sort(np.stack([order[near], order[near + step]], axis=1), axis=1))
            step += 1
    return np.unique(np.concatenate(found), axis=0)


def _differing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Number of bits that differ."""
    return _ONES[(one ^ other).view(np.uint16).reshape(-1, 4)].sum(axis=1)


def _agree(small: np.ndarray, one: np.ndarray, other: np.ndarray, is_mirrored: np.ndarray) -> np.ndarray:
    """Whether small pictures agree apart from brightness and contrast."""

    def normalised(pictures: np.ndarray) -> np.ndarray:
        shown = pictures.astype(np.float32)
        shown -= shown.mean(axis=(1, 2), keepdims=True)
        return shown / shown.std(axis=(1, 2), keepdims=True)

    agree = np.zeros(len(one), bool)
    for start in range(0, len(one), 4096):  # bounds the memory where there are many pairs
        part = slice(start, start + 4096)
        second = normalised(small[other[part]])
        turned = is_mirrored[part]
        second[turned] = second[turned][:, :, ::-1]
        difference = np.abs(normalised(small[one[part]]) - second).mean(axis=(1, 2))
        agree[part] = difference < MOST_DIFFERENT
    return agree
