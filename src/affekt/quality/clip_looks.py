"""Clips that show the same: found by what moves, or by the picture where nothing does.

People filmed twice in the same chair look alike in every frame, so frames alone prove nothing. What a clip
shows beyond its mean picture, eight times along its length, is its own: its slowest waves in space and time
make a hash, and small films of the candidates then decide. Clips in which nothing moves are compared by their
mean picture, as pictures are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np

from affekt.media.image import resize
from affekt.quality.look_alikes import FLATTEST, MOST_DIFFERENT, find_near, find_pairs, look_of

MOMENTS = 8  # frames of a clip that are looked at, evenly spaced
MOST_BITS = 9  # of 64, in which hashes may differ
LEAST_MOTION = 1.0  # grey levels of standard deviation around the mean picture
# Correlation of what moves. Clips cut shorter by 5 % at one end keep about 0.8; takes of one person have 0.5
# at most.
LEAST_CORRELATION = 0.7
NEIGHBOURS = 256  # clips of one band of bits that are compared: a speaker may stand still in thousands
OTHER_LENGTH = 0.8  # of the longer clip, below which moments do not fall on each other

_SIDE = 16
_ORDERS = sorted(product(range(1, 5), range(5), range(5)), key=lambda it: (sum(it), it))[:64]
_TIMES, _ROWS, _COLUMNS = np.array(_ORDERS).T  # without order 0 in time: that is the mean picture


def _waves(orders: int, size: int) -> np.ndarray:
    return np.cos(np.pi * np.outer(np.arange(orders), np.arange(size) + 0.5) / size)


_IN_TIME, _IN_SPACE = _waves(5, MOMENTS), _waves(5, _SIDE)
# A mirror changes the sign of the waves that are odd from left to right.
_MIRROR = np.packbits(_COLUMNS % 2 == 1).view(np.uint64)[0]


class ClipLook(NamedTuple):
    """What is kept of a clip's picture: a film of `MOMENTS` x 16 x 16 grey values (uint8), and its length."""

    film: np.ndarray
    duration_s: float

    @property
    def mean(self) -> np.ndarray:
        """The mean picture (16, 16), float64."""
        return self.film.mean(axis=0)

    @property
    def motion(self) -> np.ndarray:
        """What differs from the mean picture, (8, 16, 16) float64."""
        return self.film - self.mean

    @property
    def is_flat(self) -> bool:
        """Whether there is nothing to see."""
        return bool(self.mean.std() < FLATTEST) and not self.is_moving

    @property
    def is_moving(self) -> bool:
        """Whether frames differ by more than a codec's noise."""
        return bool(self.motion.std() >= LEAST_MOTION)


def clip_look(frames: np.ndarray, duration_s: float) -> ClipLook:
    """The look of `MOMENTS` frames (8, h, w, 3) uint8 of a clip."""
    return ClipLook(np.stack([look_of(frame).small for frame in frames]), duration_s)


def find_clip_pairs(looks: Sequence[ClipLook]) -> list[tuple[int, int]]:
    """Pairs of places, the smaller first, that connect all clips which show the same; flat clips are in none.

    Of clips whose films are equal the first stands for all.
    """
    firsts: dict[bytes, int] = {}
    pairs: set[tuple[int, int]] = set()
    for place, look in enumerate(looks):
        if not look.is_flat:
            first = firsts.setdefault(look.film.tobytes(), place)
            if first != place:
                pairs.add((first, place))
    moving = [place for place in firsts.values() if looks[place].is_moving]
    still = [place for place in firsts.values() if not looks[place].is_moving]
    if moving:
        hashes = np.array([_hash(looks[place]) for place in moving], np.uint64)
        near = find_near(np.concatenate([hashes, hashes ^ _MIRROR]), MOST_BITS, NEIGHBOURS)
        for one, other in {(moving[a], moving[b % len(moving)]) for a, b in near.tolist() if a < len(moving)}:
            if one != other and show_the_same(looks[one], looks[other]):
                pairs.add((min(one, other), max(one, other)))
    for pair in find_pairs(
        [look_of(_as_picture(looks[place].mean)) for place in still], neighbours=NEIGHBOURS
    ):
        pairs.add((still[pair.one], still[pair.other]))
    return sorted(pairs)


def show_the_same(one: ClipLook, other: ClipLook) -> bool:
    """Whether two clips in which something moves show the same, perhaps mirrored."""
    if not _are_of_a_length(one, other):
        return False
    motion = _normalised(one.motion)
    return any(
        _mean_difference(one.mean, mean) < MOST_DIFFERENT
        and float((motion * _normalised(film)).mean()) >= LEAST_CORRELATION
        for mean, film in ((other.mean, other.motion), (other.mean[:, ::-1], other.motion[:, :, ::-1]))
    )


def may_show_the_same(one: ClipLook, other: ClipLook) -> bool:
    """False only where pictures contradict: clips of a length, neither flat, with other pictures on average.

    Enough to confirm what the sound says, which is exact in time and survives longer cuts.
    """
    if one.is_flat or other.is_flat or not _are_of_a_length(one, other):
        return True
    return any(
        _mean_difference(one.mean, mean) < MOST_DIFFERENT for mean in (other.mean, other.mean[:, ::-1])
    )


def _hash(look: ClipLook) -> np.uint64:
    strengths = np.einsum("at,br,cs,trs->abc", _IN_TIME, _IN_SPACE, _IN_SPACE, look.motion, optimize=True)
    return np.packbits(strengths[_TIMES, _ROWS, _COLUMNS] > 0).view(np.uint64)[0]


def _are_of_a_length(one: ClipLook, other: ClipLook) -> bool:
    shorter, longer = sorted((one.duration_s, other.duration_s))
    return shorter >= OTHER_LENGTH * longer


def _mean_difference(one: np.ndarray, other: np.ndarray) -> float:
    """Of two pictures, whatever their brightness and contrast."""
    return float(np.abs(_normalised(one) - _normalised(other)).mean())


def _normalised(values: np.ndarray) -> np.ndarray:
    centred = values - values.mean()
    return centred / max(float(centred.std()), 1e-9)


def _as_picture(grey: np.ndarray) -> np.ndarray:
    """A small grey picture as the pixels that pictures are compared by."""
    return np.repeat(resize(grey.round().astype(np.uint8), 64, 64)[..., None], 3, axis=2)
