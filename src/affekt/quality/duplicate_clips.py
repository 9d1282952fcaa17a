"""Clips that show the same: found by their motion, or by the picture where nothing moves.

Two clips of one person in the same chair have nearly equal frames, so frames alone are not evidence. The
difference of eight frames to their mean is specific to a clip: its lowest frequencies in space and time give
a hash, and small films of the candidates then decide. Clips in which nothing moves are compared by their mean
picture, as pictures are. Clips of other colours are not the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from affekt.media.image import resize
from affekt.quality.duplicate_images import (
    FLATTEST,
    MOST_DIFFERENT,
    find_image_pairs,
    find_near,
    have_other_colors,
    image_print,
)

MOMENTS = 8  # frames of a clip that are compared, evenly spaced
MOST_BITS = 9  # of 64, in which hashes may differ
LEAST_MOTION = 1.0  # grey levels of standard deviation around the mean picture
# Correlation of the motion: about 0.8 after a clip was cut by 5 % at one end, at most 0.5 between takes of
# one person.
LEAST_CORRELATION = 0.7
NEIGHBOURS = 256  # clips with an equal band of bits that are compared: thousands may show one still speaker
OTHER_LENGTH = 0.8  # of the longer clip's length; the frames of a shorter clip do not correspond

_SIDE = 16
_ORDERS = sorted(product(range(1, 5), range(5), range(5)), key=lambda it: (sum(it), it))[:64]
_TIMES, _ROWS, _COLUMNS = np.array(_ORDERS).T  # without order 0 in time: that is the mean picture


def _waves(orders: int, size: int) -> np.ndarray:
    return np.cos(np.pi * np.outer(np.arange(orders), np.arange(size) + 0.5) / size)


_IN_TIME, _IN_SPACE = _waves(5, MOMENTS), _waves(5, _SIDE)
# Mirroring changes the sign of the waves that are odd from left to right.
_MIRROR = np.packbits(_COLUMNS % 2 == 1).view(np.uint64)[0]


class ClipPrint(NamedTuple):
    """What is kept of a clip's picture.

    Attributes:
        film: `MOMENTS` x 16 x 16 grey values (uint8).
        tint: That of the mean picture, as in `ImagePrint`; None where colours are not kept.
    """

    film: np.ndarray
    duration_s: float
    tint: np.ndarray | None = None

    @property
    def mean(self) -> np.ndarray:
        """The mean picture (16, 16), float64."""
        return self.film.mean(axis=0)

    @property
    def motion(self) -> np.ndarray:
        """Difference to the mean picture, (8, 16, 16) float64."""
        return self.film - self.mean

    @property
    def is_flat(self) -> bool:
        """Whether neither the mean picture nor the motion has any content."""
        return bool(self.mean.std() < FLATTEST) and not self.is_moving

    @property
    def is_moving(self) -> bool:
        """Whether frames differ by more than the noise of a codec."""
        return bool(self.motion.std() >= LEAST_MOTION)


def clip_print(frames: np.ndarray, duration_s: float) -> ClipPrint:
    """The print of `MOMENTS` frames (8, h, w, 3) uint8 of a clip."""
    prints = [image_print(frame) for frame in frames]
    tint = np.mean([one.tint for one in prints], axis=0).round().astype(np.int16)
    return ClipPrint(np.stack([one.small for one in prints]), duration_s, tint)


def find_clip_pairs(prints: Sequence[ClipPrint]) -> list[tuple[int, int]]:
    """Pairs of indices, the smaller first, that connect all clips which show the same.

    Flat clips are in no pair. Of clips with equal films only the first is compared with the others.
    """
    firsts: dict[bytes, int] = {}
    pairs: set[tuple[int, int]] = set()
    for place, one in enumerate(prints):
        if not one.is_flat:
            tint = b"" if one.tint is None else one.tint.tobytes()
            first = firsts.setdefault(one.film.tobytes() + tint, place)
            if first != place:
                pairs.add((first, place))
    moving = [place for place in firsts.values() if prints[place].is_moving]
    still = [place for place in firsts.values() if not prints[place].is_moving]
    if moving:
        hashes = np.array([_hash(prints[place]) for place in moving], np.uint64)
        near = find_near(np.concatenate([hashes, hashes ^ _MIRROR]), MOST_BITS, NEIGHBOURS)
        for one, other in {(moving[a], moving[b % len(moving)]) for a, b in near.tolist() if a < len(moving)}:
            if one != other and show_the_same(prints[one], prints[other]):
                pairs.add((min(one, other), max(one, other)))
    for pair in find_image_pairs(
        [image_print(_as_picture(prints[place].mean)) for place in still], neighbours=NEIGHBOURS
    ):
        one, other = still[pair.one], still[pair.other]
        if not _differ_in_color(prints[one], prints[other], mirrored=pair.mirrored):
            pairs.add((one, other))
    return sorted(pairs)


def show_the_same(one: ClipPrint, other: ClipPrint) -> bool:
    """Whether two clips in which something moves show the same, perhaps mirrored."""
    if not _have_similar_length(one, other):
        return False
    motion = _normalised(one.motion)
    return any(
        _mean_difference(one.mean, mean) < MOST_DIFFERENT
        and float((motion * _normalised(film)).mean()) >= LEAST_CORRELATION
        and not _differ_in_color(one, other, mirrored=mirrored)
        for mean, film, mirrored in (
            (other.mean, other.motion, False),
            (other.mean[:, ::-1], other.motion[:, :, ::-1], True),
        )
    )


def may_show_the_same(one: ClipPrint, other: ClipPrint) -> bool:
    """False only for clips of similar length, neither of them flat, whose mean pictures differ.

    This is enough to confirm equal sounds, whose comparison is exact in time and survives longer cuts.
    """
    if one.is_flat or other.is_flat or not _have_similar_length(one, other):
        return True
    return any(
        _mean_difference(one.mean, mean) < MOST_DIFFERENT for mean in (other.mean, other.mean[:, ::-1])
    )


def _differ_in_color(one: ClipPrint, other: ClipPrint, *, mirrored: bool) -> bool:
    if one.tint is None or other.tint is None:
        return False
    return have_other_colors(one.tint, other.tint[:, ::-1] if mirrored else other.tint)


def _hash(one: ClipPrint) -> np.uint64:
    strengths = np.einsum("at,br,cs,trs->abc", _IN_TIME, _IN_SPACE, _IN_SPACE, one.motion, optimize=True)
    return np.packbits(strengths[_TIMES, _ROWS, _COLUMNS] > 0).view(np.uint64)[0]


def _have_similar_length(one: ClipPrint, other: ClipPrint) -> bool:
    shorter, longer = sorted((one.duration_s, other.duration_s))
    return shorter >= OTHER_LENGTH * longer


def _mean_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference of two pictures apart from brightness and contrast."""
    return float(np.abs(_normalised(one) - _normalised(other)).mean())


def _normalised(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean()
    return centred / max(float(centred.std()), 1e-9)


def _as_picture(grey: np.ndarray) -> np.ndarray:
    """A small grey picture as RGB pixels (64, 64, 3), from which `image_print` computes its hash."""
    return np.repeat(resize(grey.round().astype(np.uint8), 64, 64)[..., None], 3, axis=2)
