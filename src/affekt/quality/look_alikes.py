"""Pictures that show the same: found by a hash that survives recompression, light, small crops and mirrors.

The hash holds the signs of a picture's slowest waves. Pairs whose hashes differ in at most `MOST_BITS` of 64
bits are found exactly, without comparing all with all: of `MOST_BITS` + 1 bands of bits at least one must be
equal (the pigeonhole principle). Small pictures of the candidates then decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affekt.media.image import resize, to_grey

MOST_BITS = 5
# Mean difference of two small pictures by their standard deviation. Among 30000 faces of FER2013, those below
# 0.25 were the same photograph without exception in 120 pairs looked at; from 0.25 to 0.3 two of 40 were not.
MOST_DIFFERENT = 0.22
FLATTEST = 4.0  # grey levels of standard deviation below which a picture shows nothing to compare

_BITS = 64
_SIDE, _SMALL = 32, 16
_ORDERS = sorted(((row, column) for row in range(12) for column in range(12)), key=lambda it: (sum(it), it))
_ROWS, _COLUMNS = np.array(_ORDERS[1 : _BITS + 1]).T  # the slowest waves, without the mean
_WAVES = np.cos(np.pi * np.outer(np.arange(12), np.arange(_SIDE) + 0.5) / _SIDE)
# A mirror changes the sign of the waves that are odd from left to right.
_MIRROR = np.packbits(_COLUMNS % 2 == 1).view(np.uint64)[0]
_ONES = (
    np.unpackbits(np.arange(2**16, dtype=np.uint16).view(np.uint8))
    .reshape(-1, 16)
    .sum(axis=1, dtype=np.uint8)
)


class Look(NamedTuple):
    """What is kept of a picture: its hash, and a grey picture of 16 x 16 (uint8)."""

    hash: np.uint64
    small: np.ndarray


class Pair(NamedTuple):
    """Places of two pictures that show the same, one perhaps mirrored."""

    one: int
    other: int
    mirrored: bool


def look_of(pixels: np.ndarray) -> Look:
    """The look of uint8 pixels (h, w, 3)."""
    grey = resize(to_grey(pixels), _SIDE, _SIDE).astype(np.float64)
    strengths = (_WAVES @ grey @ _WAVES.T)[_ROWS, _COLUMNS]
    step = _SIDE // _SMALL
    small = grey.reshape(_SMALL, step, _SMALL, step).mean(axis=(1, 3)).round().astype(np.uint8)
    return Look(np.packbits(strengths > 0).view(np.uint64)[0], small)


def find_pairs(looks: Sequence[Look], *, neighbours: int | None = None) -> list[Pair]:
    """Pairs that connect all pictures which show the same; flat pictures are in none.

    Of pictures whose looks are equal the first stands for all: a placeholder that a folder holds a thousand
    times makes no million pairs.

    Args:
        neighbours: As in `find_near`.
    """
    firsts: dict[bytes, int] = {}
    copies: list[Pair] = []
    for place, look in enumerate(looks):
        first = firsts.setdefault(look.hash.tobytes() + look.small.tobytes(), place)
        if first != place and look.small.std() >= FLATTEST:
            copies.append(Pair(first, place, False))
    distinct = list(firsts.values())
    between = _pairs_of_distinct([looks[place] for place in distinct], neighbours) if distinct else []
    return sorted(copies + [Pair(distinct[one], distinct[other], turned) for one, other, turned in between])


def _pairs_of_distinct(looks: Sequence[Look], neighbours: int | None) -> list[Pair]:
    """All pairs that show the same."""
    small = np.stack([look.small for look in looks])
    is_telling = small.std(axis=(1, 2)) >= FLATTEST
    places = np.flatnonzero(is_telling)
    hashes = np.array([look.hash for look in looks], np.uint64)[places]
    count = len(places)
    # Behind the pictures as they are stand their mirrors.
    found = find_near(np.concatenate([hashes, hashes ^ _MIRROR]), MOST_BITS, neighbours)
    one, other = found[found[:, 0] < count].T
    is_mirrored, other = other >= count, other % max(count, 1)
    ordered = one < other  # a mirrored pair is found from both sides, and a symmetrical picture by itself
    one, other, is_mirrored = places[one[ordered]], places[other[ordered]], is_mirrored[ordered]
    agree = _agree(small, one, other, is_mirrored)
    seen: dict[tuple[int, int], bool] = {}
    for first, second, mirrored in zip(
        one[agree].tolist(), other[agree].tolist(), is_mirrored[agree].tolist(), strict=True
    ):
        seen[first, second] = seen.get((first, second), True) and mirrored
    return [Pair(first, second, mirrored) for (first, second), mirrored in seen.items()]


def find_near(hashes: np.ndarray, most_bits: int, neighbours: int | None = None) -> np.ndarray:
    """Pairs (n, 2) of places, the smaller first, whose hashes (uint64) differ in at most so many bits.

    Args:
        neighbours: How many with an equal band of bits each is compared with. None: all, which finds every
            pair; a limit keeps groups connected where thousands are alike, and their pairs few.
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
        ):  # the pictures that have a neighbour `step` further with the same key
            at = at[at + step < len(order)]
            at = at[keys[at] == keys[at + step]]
            near = at[_differing(sorted_hashes[at], sorted_hashes[at + step]) <= most_bits]
            found.append(np.sort(np.stack([order[near], order[near + step]], axis=1), axis=1))
            step += 1
    return np.unique(np.concatenate(found), axis=0)


def _differing(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """How many bits differ."""
    return _ONES[(one ^ other).view(np.uint16).reshape(-1, 4)].sum(axis=1)


def _agree(small: np.ndarray, one: np.ndarray, other: np.ndarray, is_mirrored: np.ndarray) -> np.ndarray:
    """Whether small pictures are alike, whatever their brightness and contrast."""

    def normalised(pictures: np.ndarray) -> np.ndarray:
        shown = pictures.astype(np.float32)
        shown -= shown.mean(axis=(1, 2), keepdims=True)
        return shown / shown.std(axis=(1, 2), keepdims=True)

    agree = np.zeros(len(one), bool)
    for start in range(0, len(one), 4096):  # bounds the memory where everything is alike
        part = slice(start, start + 4096)
        second = normalised(small[other[part]])
        turned = is_mirrored[part]
        second[turned] = second[turned][:, :, ::-1]
        difference = np.abs(normalised(small[one[part]]) - second).mean(axis=(1, 2))
        agree[part] = difference < MOST_DIFFERENT
    return agree
