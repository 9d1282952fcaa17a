"""Join the boxes of frames to tracks. A tracker is made anew for each video; it can be pickled.

By default a box goes to the track whose last box it overlaps most. With `Motion`, tracks are expected where
their velocity leads them, appearance is compared as well, and a box that overlaps no track may continue one
near it. All boxes of a frame are assigned at once, so that the sum is largest (Kuhn 1955, the Hungarian
method). Nothing is drawn at random.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from affekt.media.detection.detector import intersection_over_union
from affekt.media.tracking.appearance import alike, nothing_seen


class Motion(NamedTuple):
    """How tracks move and look; measured by `benchmarks/face_tracks.py`.

    Attributes:
        reach: Largest distance of a box from where its track is expected, in sides of the box, if they do not
            overlap. It grows with the time since the track was seen last, by itself once a second.
        size: Largest ratio of their sides, if they do not overlap.
        unlike: Similarity of appearance below which a box does not continue a track, unless it is steady.
        steady: Overlap from which a box in the very next frame continues a track however it looks: colours
            may flicker, as those of an animated GIF, whose frames have palettes of their own.
        alike: Similarity from which a box continues a track that it does not overlap.
        weight: Of appearance against overlap, from 0 to 1.
        gain: Of the newest step in the velocity, from 0 to 1.
        memory: Of the appearance for what it was before, from 0 to 1.
    """

    reach: float = 1.0
    size: float = 1.6
    unlike: float = 0.7
    steady: float = 0.7
    alike: float = 0.8
    weight: float = 0.5
    gain: float = 0.5
    memory: float = 0.8


@dataclass
class _Track:
    number: int
    box: np.ndarray
    seen_s: float
    velocity: np.ndarray = field(default_factory=lambda: np.zeros(2))  # pixels/s of its middle
    look: np.ndarray = field(default_factory=nothing_seen)
    is_moving: bool = False  # whether there is a velocity


class Tracker:
    """Tracks of one video, numbered from 0 in the order in which they begin.

    Args:
        overlap: The least overlap, intersection over union.
        gap_s: Seconds after which a track that is not seen has ended.
        motion: None: boxes are compared with the last boxes of tracks, by their overlap only.
    """

    def __init__(self, *, overlap: float, gap_s: float, motion: Motion | None = None) -> None:
        self._overlap, self._gap_s, self._motion = overlap, gap_s, motion
        self._tracks: list[_Track] = []
        self._count = 0
        self._before_s = -np.inf  # time of the frame before

    def update(self, time_s: float, boxes: np.ndarray, looks: np.ndarray | None = None) -> list[int]:
        """The tracks of the boxes (n, 4) of a frame; frames are given in the order of time.

        Args:
            looks: (n, 2, 256), how each looks (`appearance_of`); only with `motion`.
        """
        # Times are multiples of a step: a tolerance keeps rounding from ending a track.
        self._tracks = [it for it in self._tracks if time_s - it.seen_s <= self._gap_s + 1e-6]
        numbers = [-1] * len(boxes)
        for row, column in self._pairs(time_s, boxes, looks):
            track = self._tracks[row]
            self._continue(track, time_s, boxes[column], None if looks is None else looks[column])
            numbers[column] = track.number
        for place, number in enumerate(numbers):
            if number < 0:
                numbers[place] = self._count
                new = _Track(self._count, boxes[place], time_s)
                if looks is not None:
                    new.look = looks[place]
                self._tracks.append(new)
                self._count += 1
        self._before_s = time_s
        return numbers

    def reset(self) -> None:
        """End all tracks, as at the beginning of a shot; numbers are not used again."""
        self._tracks = []

    def _pairs(self, time_s: float, boxes: np.ndarray, looks: np.ndarray | None) -> list[tuple[int, int]]:
        """Places of tracks and of the boxes that continue them."""
        if not self._tracks or not len(boxes):
            return []
        expected = np.stack([self._expected(it, time_s) for it in self._tracks])
        shared = intersection_over_union(expected, boxes)
        overlapping = shared >= self._overlap
        motion = self._motion
        if motion is None:
            return _assigned(shared * overlapping)
        similar = np.full(shared.shape, 1.0)
        if looks is not None:
            similar = alike(np.stack([it.look for it in self._tracks]), looks)
        blend = (1 - motion.weight) * shared + motion.weight * similar
        pairs = _assigned(blend * (overlapping & (similar >= motion.unlike)))
        # What is left may have moved further than it is wide,
        near = self._nearness(expected, boxes, time_s) * (similar >= motion.alike)
        pairs += _assigned(_without(near, pairs) * similar)
        # or look different without having moved.
        was_seen = np.array([it.seen_s >= self._before_s for it in self._tracks])
        steady = shared * (was_seen[:, None] & (shared >= motion.steady))
        return pairs + _assigned(_without(steady, pairs))

    def _expected(self, track: _Track, time_s: float) -> np.ndarray:
        return track.box + np.tile(track.velocity * (time_s - track.seen_s), 2)

    def _continue(self, track: _Track, time_s: float, box: np.ndarray, look: np.ndarray | None) -> None:
        motion, since_s = self._motion, time_s - track.seen_s
        if motion is not None and since_s > 0:
            step = (_middles(box[None]) - _middles(track.box[None]))[0] / since_s
            gain = motion.gain if track.is_moving else 1.0
            track.velocity, track.is_moving = track.velocity + gain * (step - track.velocity), True
        if motion is not None and look is not None:
            blended = motion.memory * track.look + (1 - motion.memory) * look
            lengths = np.linalg.norm(blended, axis=1, keepdims=True)
            track.look = np.where(track.look.any(axis=1, keepdims=True), blended, look) / np.where(
                track.look.any(axis=1, keepdims=True) & (lengths > 0), lengths, 1
            )
        track.box, track.seen_s = box, time_s

    def _nearness(self, expected: np.ndarray, boxes: np.ndarray, time_s: float) -> np.ndarray:
        """(n, m) in [0, 1]: 1 in the same place, 0 out of reach or of another size."""
        motion = self._motion or Motion()
        sides = [np.sqrt((it[:, 2:] - it[:, :2]).clip(1e-6).prod(axis=1)) for it in (expected, boxes)]
        ratio = sides[0][:, None] / sides[1][None]
        apart = np.linalg.norm(_middles(expected)[:, None] - _middles(boxes)[None], axis=2)
        waited_s = np.array([time_s - it.seen_s for it in self._tracks])
        reach = motion.reach * (1 + waited_s)[:, None] * (sides[0][:, None] + sides[1][None]) / 2
        fits = (ratio <= motion.size) & (ratio >= 1 / motion.size)
        return np.where(fits, (1 - apart / reach).clip(0), 0.0)


def _assigned(worth: np.ndarray) -> list[tuple[int, int]]:
    rows, columns = linear_sum_assignment(worth, maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if worth[r, c] > 0]


def _without(worth: np.ndarray, pairs: list[tuple[int, int]]) -> np.ndarray:
    """The worth of pairs (n, m), 0 for the tracks and boxes that are paired already."""
    left = worth.copy()
    for row, column in pairs:
        left[row], left[:, column] = 0, 0
    return left


def _middles(boxes: np.ndarray) -> np.ndarray:
    """(n, 2) of boxes (n, 4)."""
    return (boxes[:, :2] + boxes[:, 2:]) / 2.0
