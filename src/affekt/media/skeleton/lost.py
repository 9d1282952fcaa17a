"""Detection of lost joints, for which a tracker wrote a placeholder.

Trackers write (0, 0, 0), (-1, -1, -1), another fixed point or the last known position for a joint that they
lost. Many constant values are valid: the root of walks that are centred on it, a foot on the ground, rounded
coordinates, frames that are stored twice. A joint counts as lost in frames where

- it has the same position as another joint that is not its neighbour, unless it has so in all frames;
- its three coordinates are equal, or its value also occurs in other frames, and more than half of its bones
  have an implausible length; with equal coordinates, a jump to or from that position also counts;
- it is far away from the body, or jumps away for one frame;
- it keeps its value although it should move, judged by its own speed or by the next joint towards the root.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affekt.media.skeleton.skeleton import BONES

# Implausible changes of a bone's length, relative to its median: at a recurring value (captured walks have up
# to 0.33), and at a value with three equal coordinates, which rarely occurs by chance.
STRETCH, STRETCH_ALIKE = 0.35, 0.15
ELASTIC = 0.2  # interquartile range of a bone's length, relative to its median, from which it is not fixed
OUTLYING = 10.0  # implausible distance from the body's centre, in median distances of the joints
# Implausible step of a joint away and back, in its median steps and in median bone lengths.
SPIKE, SPIKE_WAY = 10.0, 0.5
REST_SHARE = (
    0.9  # share of frames at one value from which a joint is at rest, as the root of centred walks is
)
STIRRED = 0.1  # movement of the next joint towards the root, in median bone lengths, that moves a joint
LONGEST_BONE = 4.0  # in median bone lengths
HELD_FRAMES = 3  # frames for which a moving joint may not keep an exact value
HELD_WAY = 1.0  # with rounded coordinates: distance usually covered in these frames, in median bone lengths
OFTEN = 2.0  # frames at one point, relative to the joint's other points, from which it is a placeholder
JUMP = 4.0  # implausible step from one frame to the next, in median steps of the joint
LEAP = 1.5  # the same in 0.9 quantiles of the joint's steps, since feet are fast and slow in turn
ROUNDED = 0.01  # share of steps in which a single coordinate is unchanged, from which coordinates are rounded
CENTRE = ("root", "spine", "left_hip", "right_hip")  # may stay fixed relative to the root
FEET = ("left_foot", "right_foot")  # may stay fixed on the ground


class Lost(NamedTuple):
    """Which joints are lost in which frames.

    Attributes:
        frames: (t, v) bool.
        joints: Names of the v joints.
    """

    frames: np.ndarray
    joints: tuple[str, ...]


class _Body(NamedTuple):
    """Measurements of a walk.

    Attributes:
        place: (t, v, 3) float64.
        bones: (b, 2) indices of the joints of each bone, the one towards the root first.
        lengths: (t, b).
        scale: Median length of a bone.
        kept: (t, v) the joint is at the same point as in the previous frame.
        value: (t, v) integers that are equal for equal points.
        resting: (t, v) the joint is at its point of nearly all frames.
    """

    place: np.ndarray
    names: tuple[str, ...]
    bones: np.ndarray
    lengths: np.ndarray
    scale: float
    kept: np.ndarray
    value: np.ndarray
    resting: np.ndarray


def find_lost(positions: np.ndarray, joints: Sequence[str]) -> Lost:
    """Detect the lost joints of a walk (t, v, 3); joints that are not in `BONES` never count as lost."""
    place, names = positions.astype(np.float64), tuple(joints)
    pairs = [(names.index(a), names.index(b)) for a, b in BONES if a in names and b in names]
    bones = np.array(pairs, int).reshape(-1, 2)
    lengths = np.linalg.norm(place[:, bones[:, 0]] - place[:, bones[:, 1]], axis=-1)
    kept = np.zeros(place.shape[:2], bool)
    kept[1:] = (place[1:] == place[:-1]).all(axis=-1)
    there = np.ptp(place, axis=1).any(axis=-1)  # (t,): not all joints at one point
    if not bones.size or not there.any():
        return Lost(np.zeros(kept.shape, bool), names)
    first, after = int(there.argmax()), len(there) - int(there[::-1].argmax())
    if after - first < len(there):  # padding may be most of the walk
        frames = np.ones(kept.shape, bool)
        frames[first:after] = find_lost(positions[first:after], joints).frames
        return Lost(frames, names)
    scale = float(np.median(lengths[there]))
    outlying = _outlying(place, there) | _spiking(place, there, scale)
    centred = kept[1:].all(axis=0) & np.isin(names, CENTRE)
    changing = np.ptp(lengths, axis=0) > STRETCH_ALIKE * np.median(lengths, axis=0)
    if not (outlying.any() or kept[:, ~centred].any() or changing.any()):
        return Lost(outlying, names)

    value = _values(positions)
    body = _Body(place, names, bones, lengths, scale, kept, value, _resting(value))
    shared = _shared(body)
    alike = (place == place[..., :1]).all(axis=-1) & ~body.resting
    count, usual = _occurrences(value)
    recurring = (count > 1) & ~body.resting
    # In walks that repeat one cycle all values recur; a placeholder recurs in more frames than the others.
    often = (count > OFTEN * usual) & recurring
    good = ~(outlying | shared | alike | often)
    misplaced = (_stretched_share(body, good, STRETCH_ALIKE) > 0.5) | _jumping(body, ~alike)
    # Three equal numbers in consecutive frames are not a position, even if a bone length fits by chance.
    constant = alike & _held(body, 2) & ~np.isin(names, CENTRE)
    lost = outlying | shared | constant | _kept_along(alike & misplaced, kept)
    strange = recurring & (_stretched_share(body, good, STRETCH) > 0.5)
    lost |= _kept_along(strange & (often | _held(body, 2)), kept)
    lost |= _held_too_long(body) | _always_lost(body)
    # Next to a lost joint a recurring value is not evidence: periodic walks repeat all values.
    return Lost(lost | (strange & ~_next_to_lost(lost, bones)), names)


def runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of each run of true values; the end is exclusive.

    Example:
        >>> runs(np.array([True, True, False, True]))
        [(0, 2), (3, 4)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _outlying(place: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(t, v): the joint is far away from the other joints."""
    distance = np.abs(place - np.median(place, axis=1, keepdims=True)).max(axis=-1)
    return distance > OUTLYING * float(np.median(distance[there]))


def _spiking(place: np.ndarray, there: np.ndarray, scale: float) -> np.ndarray:
    """(t, v): for one frame the joint is far from its position before and after, relative to the others."""
    spiking = np.zeros(place.shape[:2], bool)
    whole = there[1:] & there[:-1]
    if not whole.any():
        return spiking
    own = place - np.median(place, axis=1, keepdims=True)
    steps = np.linalg.norm(np.diff(own, axis=0), axis=-1) * whole[:, None]
    limit = np.maximum(SPIKE * np.median(steps[whole], axis=0), SPIKE_WAY * scale)
    spiking[1:-1] = (steps[:-1] > limit) & (steps[1:] > limit)
    return spiking


def _stretched(lengths: np.ndarray, good: np.ndarray, limit: float) -> np.ndarray:
    """(t, b): lengths that differ from the median of the good frames, or of all frames if none is good.

    Bones whose length changes all the time are not evidence and are never stretched.
    """
    known = np.where(good | ~good.any(axis=0), lengths, np.nan)
    low, typical, high = np.nanquantile(known, [0.25, 0.5, 0.75], axis=0)
    return (np.abs(lengths - typical) > limit * typical) & (high - low < ELASTIC * typical)


def _stretched_share(body: _Body, good: np.ndarray, limit: float) -> np.ndarray:
    """(t, v): share of a joint's bones that have an implausible length; 0 in a flat walk."""
    if (np.ptp(body.place, axis=1).max(axis=0) == 0).any():
        return np.zeros(good.shape)
    ends = good[:, body.bones[:, 0]] & good[:, body.bones[:, 1]]
    stretched = _stretched(body.lengths, ends, limit)
    share = np.zeros(good.shape)
    number = np.maximum(np.bincount(body.bones.ravel(), minlength=good.shape[1]), 1)
    for bone, pair in enumerate(body.bones):
        share[:, pair] += stretched[:, bone, None] / number[pair]
    return share


def _values(positions: np.ndarray) -> np.ndarray:
    """(t, v): an integer for each point, from the bits of its coordinates."""
    bits = np.ascontiguousarray(positions.astype(np.float32) + np.float32(0)).view(np.uint32)  # -0 becomes 0
    factors = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)
    return ((bits.astype(np.uint64) + np.uint64(1)) * factors).sum(axis=-1, dtype=np.uint64)


def _resting(value: np.ndarray) -> np.ndarray:
    """(t, v): the joint has the value that it has in at least `REST_SHARE` of the frames."""
    there = value == np.sort(value, axis=0)[len(value) // 2]  # such a value is always the median
    return there & (there.mean(axis=0) >= REST_SHARE)


def _shared(body: _Body) -> np.ndarray:
    """(t, v): at the point of another joint that is not its neighbour; a joint at rest there is excluded."""
    order = np.argsort(body.value, axis=1, kind="stable")
    ordered = np.take_along_axis(body.value, order, axis=1)
    if not (ordered[:, 1:] == ordered[:, :-1]).any():
        return np.zeros(body.value.shape, bool)
    joints = len(body.names)
    same = body.value[:, :, None] == body.value[:, None, :]  # (t, v, v)
    near = np.eye(joints, dtype=bool)
    near[body.bones[:, 0], body.bones[:, 1]] = near[body.bones[:, 1], body.bones[:, 0]] = True
    same &= ~near & ~same.all(axis=0)
    return same.any(axis=2) & ~body.resting


def _occurrences(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number of frames that a joint is at its point (t, v), and its median over the joint's points (v,)."""
    count = np.empty(value.shape, int)
    usual = np.empty(value.shape[1])
    for joint, points in enumerate(value.T):
        _, place, number = np.unique(points, return_inverse=True, return_counts=True)
        count[:, joint], usual[joint] = number[place], np.median(number)
    return count, usual


def _held(body: _Body, least: int) -> np.ndarray:
    """(t, v): part of a run of at least `least` frames with the same value."""
    held = np.zeros(body.kept.shape, bool)
    for joint in np.flatnonzero(body.kept.any(axis=0)):
        for start, stop in _equal_runs(body.kept[:, joint]):
            held[start:stop, joint] = stop - start >= least
    return held


def _kept_along(lost: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """(t, v): a lost frame spread over the whole run of frames in which the joint keeps that value."""
    spread = lost.copy()
    for joint in np.flatnonzero(lost.any(axis=0) & kept.any(axis=0)):
        for start, stop in _equal_runs(kept[:, joint]):
            spread[start:stop, joint] |= lost[start:stop, joint].any()
    return spread


def _jumping(body: _Body, good: np.ndarray) -> np.ndarray:
    """(t, v): the joint jumps to or from this point, compared with its steps between good frames."""
    jumping = np.zeros(good.shape, bool)
    if len(good) > 1:
        steps = np.linalg.norm(np.diff(body.place, axis=0), axis=-1)
        usual = good[1:] & good[:-1]
        usual |= ~usual.any(axis=0)
        jumps = steps > JUMP * np.nanmedian(np.where(usual, steps, np.nan), axis=0)
        jumping[1:] |= jumps
        jumping[:-1] |= jumps
    return jumping


def _next_to_lost(lost: np.ndarray, bones: np.ndarray) -> np.ndarray:
    """(t, v): the other end of one of the joint's bones is lost."""
    near = np.zeros(lost.shape, bool)
    for a, b in bones:
        near[:, a] |= lost[:, b]
        near[:, b] |= lost[:, a]
    return near


def _held_too_long(body: _Body) -> np.ndarray:
    """(t, v): frames in which a joint keeps a value although it should have moved.

    The first frame of such a run counts as valid, unless the joint jumps there.
    """
    lost = np.zeros(body.kept.shape, bool)
    if len(lost) < HELD_FRAMES:
        return lost
    steps = np.diff(body.place, axis=0)
    moving = np.ptp(body.place, axis=0) > 0  # (v, 3)
    single = (steps == 0) & moving & ~body.kept[1:, :, None]
    is_rounded = single.sum() > ROUNDED * max((~body.kept[1:, :, None] & moving).sum(), 1)
    ways = np.linalg.norm(steps, axis=-1)
    way = np.median(ways, axis=0)  # of each joint per frame
    rests = body.resting.all(axis=0)
    whole: np.ndarray = np.all(body.kept | rests, axis=1) & (not rests.all())
    pauses = _equal_runs(whole)
    repeats = int(np.median([stop - start for start, stop in pauses])) if len(pauses) > 1 else 1
    for joint, name in enumerate(body.names):
        moves = ways[~body.kept[1:, joint], joint]
        leap = LEAP * float(np.quantile(moves, 0.9)) if len(moves) else np.inf
        for start, stop in _equal_runs(body.kept[:, joint]):
            frames, is_whole = stop - start, bool(whole[start + 1 : stop].all())
            if body.resting[start, joint] or (name in FEET and not is_whole):
                continue
            # Each frame may be stored several times.
            least = max(HELD_FRAMES, 2 * repeats + 1) if is_whole else HELD_FRAMES * repeats
            is_far = (frames - 1) * way[joint] > HELD_WAY * body.scale
            if frames >= least and (is_far or not is_rounded):
                is_jump = start > 0 and ways[start - 1, joint] > leap
                lost[start + (not is_jump) : stop, joint] = True
    return lost


def _always_lost(body: _Body) -> np.ndarray:
    """(v,): at one point in nearly all frames, though the next joint towards the root moves or is distant."""
    lost = np.zeros(len(body.names), bool)
    for (parent, joint), lengths in zip(body.bones, body.lengths.T, strict=True):
        if body.names[joint] in CENTRE or not body.resting[:, joint].any():
            continue
        is_moved = np.ptp(body.place[:, parent], axis=0).max() > STIRRED * body.scale
        is_far = float(np.median(lengths)) > LONGEST_BONE * body.scale
        lost[joint] = is_far or (is_moved and not body.resting[:, parent].any())
    return lost


def _equal_runs(kept: np.ndarray) -> list[tuple[int, int]]:
    """Start and end of each run of equal values; `kept` (t,) is whether a value equals the previous one."""
    return [(start - 1, stop) for start, stop in runs(kept)]
