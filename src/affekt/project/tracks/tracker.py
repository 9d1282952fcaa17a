"""Join the boxes of frames to tracks by their overlap. It is made anew for each video."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from affekt.media.detection.detector import intersection_over_union


@dataclass
class _Track:
    number: int
    box: np.ndarray
    seen_s: float


class Tracker:
    """Tracks of one video, numbered from 0 in the order in which they begin.

    Each box goes to the track whose last box it overlaps, so that the sum of all overlaps is largest; a box
    that overlaps none begins a track. Nothing is drawn at random.

    Args:
        overlap: The least overlap, intersection over union.
        gap_s: Seconds after which a track that is not seen has ended.
    """

    def __init__(self, *, overlap: float, gap_s: float) -> None:
        self._overlap, self._gap_s = overlap, gap_s
        self._tracks: list[_Track] = []
        self._count = 0

    def update(self, time_s: float, boxes: np.ndarray) -> list[int]:
        """The tracks of the boxes (n, 4) of a frame; frames are given in the order of time."""
        # Times are multiples of a step: a tolerance keeps rounding from ending a track.
        self._tracks = [it for it in self._tracks if time_s - it.seen_s <= self._gap_s + 1e-6]
        numbers = [-1] * len(boxes)
        if self._tracks and len(boxes):
            shared = intersection_over_union(np.stack([it.box for it in self._tracks]), boxes)
            shared[shared < self._overlap] = 0
            for row, column in zip(*linear_sum_assignment(shared, maximize=True), strict=True):
                if shared[row, column] > 0:
                    track = self._tracks[row]
                    track.box, track.seen_s = boxes[column], time_s
                    numbers[column] = track.number
        for place, number in enumerate(numbers):
            if number < 0:
                numbers[place] = self._count
                self._tracks.append(_Track(self._count, boxes[place], time_s))
                self._count += 1
        return numbers
