"""From a skeleton to a usable walk: complete, moving, upright, with correct sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.notes import note
from affekt.media.skeleton import Skeleton
from affekt.media.skeleton.gaps import fill_gaps
from affekt.media.skeleton.lost import find_lost
from affekt.media.skeleton.motion import check_length, check_walks
from affekt.media.skeleton.sides import named_sides
from affekt.media.skeleton.upright import upright

from .config import BPMGCNConfig
from .joints import JOINTS

FLAT = 0.01  # extent along an axis, relative to the largest, below which a body has no depth
KEPT_FRAMES = 100_000  # of training walks that a `WalkStore` holds: 40 MB
COARSE = 0.01  # float32 rounding of coordinates, relative to body size, above which motion is lost


class Walk(NamedTuple):
    """A walk.

    Attributes:
        positions: (t, v, 3) float64, in the method's joint order; y up if the config requires it.
        cycle_frames: Length of a gait cycle in frames; None if unknown or incomplete.
        rate_hz: Frames per second; None if unknown.
    """

    positions: np.ndarray
    cycle_frames: int | None
    rate_hz: float | None


class WalkStore:
    """Cache of usable walks: training asks for the same walks in every epoch."""

    def __init__(self) -> None:
        # By id of the skeleton, which is kept so that the id stays unique.
        self._walks: dict[int, tuple[Skeleton, Walk]] = {}
        self._frames = 0

    def get(self, skeleton: Skeleton, make: Callable[[], Walk]) -> Walk:
        """The walk of a skeleton; `make` is called if it is not cached."""
        held = self._walks.get(id(skeleton))
        if held is not None and held[0] is skeleton:
            return held[1]
        walk = make()
        self._frames += len(walk.positions)
        if self._frames <= KEPT_FRAMES:
            self._walks[id(skeleton)] = skeleton, walk
        return walk

    def __getstate__(self) -> dict[str, Any]:
        return {}  # a copy in another process starts empty

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()


def usable_walk(skeleton: Skeleton, config: BPMGCNConfig) -> Walk:
    """A walk without gaps, upright, with correct left and right; changes are noted.

    Raises:
        MediaError: A joint is missing or lost for too long, there is no gait, or up is ambiguous.
    """
    positions, cycle, rate_hz = skeleton.in_order(JOINTS), skeleton.cycle_frames, skeleton.rate_hz
    _check_size(positions)
    if config.motion is not None:
        check_length(len(positions), config.motion, rate_hz=rate_hz)
    if config.gaps is not None:
        positions = fill_gaps(positions, find_lost(positions, JOINTS), config.gaps, rate_hz=rate_hz)
        if cycle is not None and cycle > len(positions):
            cycle = None
    positions = positions.astype(np.float64)
    _note_flat(positions)
    if config.motion is not None:
        check_walks(positions, JOINTS, config.motion, rate_hz=rate_hz)
    if config.upright:
        positions = upright(positions, JOINTS, is_stated=skeleton.is_up_stated)
    if config.check_sides:
        positions = named_sides(positions, JOINTS)
    return Walk(positions, cycle, rate_hz)


def _check_size(positions: np.ndarray) -> None:
    """Check that a body has a size, and is near enough to the origin for float32 to resolve its motion.

    Raises:
        MediaError: It has no size, or is too far from the origin.
    """
    there = np.ptp(positions, axis=1).any(axis=-1)  # (t,): not all joints at one point
    if not there.any():
        raise MediaError("all joints lie in the same place: the skeleton has no size")
    place = positions[there].astype(np.float64)
    middle = np.median(place, axis=1, keepdims=True)
    size = float(np.median(np.abs(place - middle).max(axis=(1, 2))))
    distance = float(np.median(np.abs(middle).max(axis=-1)))
    if np.finfo(np.float32).eps * distance > COARSE * size:
        raise MediaError(
            f"the body is too far from the origin to be resolved in float32: {distance:.3g}, with a size of "
            f"{size:.3g}; subtract the position of the root"
        )


def _note_flat(positions: np.ndarray) -> None:
    """Note a body without extent along one axis."""
    extent = np.median(np.ptp(positions, axis=1), axis=0)  # x, y, z
    flat = [axis for axis, length in zip("xyz", extent, strict=True) if length < FLAT * extent.max()]
    if flat:
        note(f"the skeleton is flat along {' and '.join(flat)}: the network was trained on bodies with depth")
