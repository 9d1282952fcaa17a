"""Joints that a tracker lost and wrote down as a placeholder.

Trackers write (0, 0, 0), (-1, -1, -1), another fixed point or the last known position where they lost a joint.
A placeholder has two signs. Its three numbers are suspicious: equal to each other, to those of another joint, or
to those of the same joint in other frames. And the body cannot have it: a bone changes its length, or a joint
stands still for long while it moves otherwise. Both are asked for, since many constant values are right: the root
of walks that are centred on it, a foot on the ground, coordinates that are rounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affekt.media.skeleton import BONES

STRETCH = 0.35  # change of a bone's length, as a share of its median, that no body has; captured walks: 0.33
OUTLYING = 10.0  # distance from the middle of the body, in median distances of its joints, that no joint has
REST_SHARE = 0.9  # of the frames, from which on a joint rests at a value: the root of centred walks does
RIGID = 0.15  # change of a bone's length, likewise, that none has whose end is at one point in all frames
LONGEST_BONE = 6.0  # in median bone lengths
HELD_FRAMES = 4  # from which on an exactly repeated value can be a held one
HELD_WAY = 1.0  # median bone lengths that a joint would have moved meanwhile, at its median speed
CENTRE = ("root", "spine", "left_hip", "right_hip")  # may keep their place to the root
FEET = ("left_foot", "right_foot")  # may keep their place on the ground


class Lost(NamedTuple):
    """Which joints are lost when.

    Attributes:
        frames: (t, v) bool.
        joints: Names of the v joints.
    """

    frames: np.ndarray
    joints: tuple[str, ...]


def find_lost(positions: np.ndarray, joints: Sequence[str]) -> Lost:
    """Placeholders of a walk (t, v, 3).

    A joint is lost where its numbers are suspicious and more than half of its bones have a length that no body
    has, where it is far away from the body, or where it keeps a value although it should have moved on.
    """
    place = positions.astype(np.float64)
    names = tuple(joints)
    outlying = _outlying(place)
    bones = np.array(
        [(names.index(a), names.index(b)) for a, b in BONES if a in names and b in names]
    ).reshape(-1, 2)
    lengths = np.linalg.norm(place[:, bones[:, 0]] - place[:, bones[:, 1]], axis=-1)  # (t, bones)
    kept = np.zeros(outlying.shape, bool)  # equal to the frame before
    kept[1:] = (place[1:] == place[:-1]).all(axis=-1)
    centred = kept[1:].all(axis=0) & np.isin(names, CENTRE)
    everywhere = np.ones(lengths.shape, bool)
    if not (outlying.any() or kept[:, ~centred].any() or _stretched(lengths, everywhere).any()):
        return Lost(outlying, names)

    held = kept.copy()
    held[:-1] |= kept[1:]
    value = _values(positions)
    resting, always = _resting(value)
    alike = (place == place[..., :1]).all(axis=-1)
    strong = (held | alike | _shared(value)) & ~resting | outlying
    weak = _repeated(value) & ~resting | strong
    good = ~(strong | outlying)
    whole = _always_lost(place, lengths, bones, names, always)
    stretched = _stretched(lengths, good[:, bones[:, 0]] & good[:, bones[:, 1]])
    share = np.zeros(outlying.shape)
    number = np.maximum(np.bincount(bones.ravel(), minlength=len(names)), 1)
    for bone, ends in enumerate(bones):
        share[:, ends] += stretched[:, bone, None] / number[ends]
    lost = outlying | whole | _spread(strong & (share > 0.5), kept)
    # A value that only recurs is no sign by itself where its neighbour is lost: periodic walks repeat all values.
    near = np.zeros(outlying.shape, bool)
    for a, b in bones:
        near[:, a] |= lost[:, b]
        near[:, b] |= lost[:, a]
    lost |= weak & (share > 0.5) & ~near
    return Lost(lost | _held_too_long(place, kept, resting, lengths, names), names)


def _outlying(place: np.ndarray) -> np.ndarray:
    """(t, v): far away from the other joints."""
    middle = np.median(place, axis=1, keepdims=True)
    distance = np.abs(place - middle).max(axis=-1)
    size = float(np.median(distance))
    return distance > OUTLYING * size if size > 0 else np.zeros(distance.shape, bool)


def _stretched(lengths: np.ndarray, good: np.ndarray) -> np.ndarray:
    """(t, bones): lengths that differ from the median over the frames in which both ends are good."""
    with np.errstate(invalid="ignore"):
        known = np.where(good, lengths, np.nan)
        enough = good.sum(axis=0) > 0
        typical = np.where(enough, np.nanmedian(np.where(enough, known, lengths), axis=0), 0.0)
    difference = np.abs(lengths - typical)
    return (difference > STRETCH * typical) & (typical > 0)


def _values(positions: np.ndarray) -> np.ndarray:
    """(t, v) one whole number for each point: equal for equal points, and different for others."""
    bits = np.ascontiguousarray(positions.astype(np.float32) + np.float32(0)).view(np.uint32)  # -0 becomes 0
    mixed = bits.astype(np.uint64)
    factors = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
    return ((mixed + np.uint64(1)) * factors).sum(axis=-1, dtype=np.uint64)


def _resting(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(t, v): frames in which a joint has the value that it has in nearly all frames; (v,): in all of them."""
    median = np.sort(value, axis=0)[len(value) // 2]  # what fills 9 of 10 frames is in the middle
    there = value == median
    share = there.mean(axis=0)
    return there & (share >= REST_SHARE), share >= REST_SHARE


def _shared(value: np.ndarray) -> np.ndarray:
    """(t, v): two joints at one point, in some frames but not in all."""
    order = np.argsort(value, axis=1, kind="stable")
    ordered = np.take_along_axis(value, order, axis=1)
    same = np.zeros(value.shape, bool)
    same[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    same[:, :-1] |= same[:, 1:]
    shared = np.zeros(value.shape, bool)
    np.put_along_axis(shared, order, same, axis=1)
    return shared & ~shared.all(axis=0)


def _repeated(value: np.ndarray) -> np.ndarray:
    """(t, v): a point at which the joint is in another frame as well."""
    order = np.argsort(value, axis=0, kind="stable")
    ordered = np.take_along_axis(value, order, axis=0)
    same = np.zeros(value.shape, bool)
    same[1:] = ordered[1:] == ordered[:-1]
    same[:-1] |= same[1:]
    repeated = np.zeros(value.shape, bool)
    np.put_along_axis(repeated, order, same, axis=0)
    return repeated


def _always_lost(
    place: np.ndarray, lengths: np.ndarray, bones: np.ndarray, names: tuple[str, ...], always: np.ndarray
) -> np.ndarray:
    """(v,): joints that are at one point in nearly all frames, where no joint can be."""
    lost = np.zeros(len(names), bool)
    scale = float(np.median(lengths)) if lengths.size else 0.0
    for joint in np.flatnonzero(always):
        if names[joint] in CENTRE:
            continue
        own = lengths[:, (bones == joint).any(axis=1)]
        if not own.size:
            continue
        mean = own.mean(axis=0)
        changes = np.ptp(own, axis=0) > RIGID * mean
        beside = {int(other) for bone in bones if joint in bone for other in bone}
        others = [other for other in range(len(names)) if other not in beside]
        coincides = bool((place[:, others] == place[:, [joint]]).all(axis=-1).all(axis=0).any())
        lost[joint] = coincides or bool(changes.any()) or bool((mean > LONGEST_BONE * scale).any())
    return lost


def _spread(lost: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Loss of a frame spread over all frames in which the joint keeps that value: (t, v)."""
    spread = lost.copy()
    for joint in np.flatnonzero(lost.any(axis=0) & kept.any(axis=0)):
        for start, stop in _equal_runs(kept[:, joint]):
            spread[start:stop, joint] |= lost[start:stop, joint].any()
    return spread


def _held_too_long(
    place: np.ndarray, kept: np.ndarray, resting: np.ndarray, lengths: np.ndarray, names: tuple[str, ...]
) -> np.ndarray:
    """(t, v): runs of an exactly repeated value in which the joint should have moved on, by its own speed."""
    lost = np.zeros(kept.shape, bool)
    if len(place) < HELD_FRAMES or not lengths.size:
        return lost
    limit = HELD_WAY * float(np.median(lengths))
    speeds = np.median(np.linalg.norm(np.diff(place, axis=0), axis=-1), axis=0)
    whole = kept.all(axis=1)
    for joint, name in enumerate(names):
        for start, stop in _equal_runs(kept[:, joint]):
            frames = stop - start
            if frames < HELD_FRAMES or (frames - 1) * speeds[joint] <= limit or resting[start, joint]:
                continue
            # The ground may hold a foot, unless the rest of the body stops as well.
            if name not in FEET or whole[start + 1 : stop].all():
                lost[start:stop, joint] = True
    return lost


def _equal_runs(kept: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of each run of equal values, from (t,) whether a value equals the one before."""
    return [(start - 1, stop) for start, stop in runs(kept)]


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of each run of true values.

    Example:
        >>> runs(np.array([True, True, False, True]))
        [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
