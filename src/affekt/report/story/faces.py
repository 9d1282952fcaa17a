"""Where a face is at any time: between the boxes of a track, and after it was seen last."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from affekt.core.timeline.parts import Box, Track

_SHORTEST_GAP_S = 0.6  # a blink of the detector, during which a box is still shown
_GAPS = 3.0  # in units of the usual distance between two boxes of the track


class FacePath:
    """The boxes of a track over time.

    Attributes:
        runs: Boxes without a gap: places between two of them are interpolated.
    """

    def __init__(self, track: Track, shots: Sequence[tuple[float, float]] = ()) -> None:
        self.track = track
        self.boxes = track.boxes
        self.times = [box.time_s for box in track.boxes]
        self.cuts = sorted(start for start, _ in shots[1:])
        steps = np.diff(self.times)
        usual = float(np.median(steps)) if len(steps) else 0.0
        self.longest_gap_s = max(_SHORTEST_GAP_S, _GAPS * usual)
        # A box stands until about the time at which the next one was to be looked for.
        self.lasts_s = min(usual, 0.5) if len(steps) else 0.5
        self.runs = self._runs()

    def at(self, time_s: float) -> Box | None:
        """The box to show at a time; None while the face is not seen."""
        after = bisect_right(self.times, time_s)
        if not after:
            return None
        last = self.boxes[after - 1]
        if after < len(self.boxes):
            following = self.boxes[after]
            if self._is_one_run(last, following):
                return between(last, following, time_s)
        lasts = time_s - last.time_s <= self.lasts_s or time_s == last.time_s
        return last if lasts and not self._is_cut(last.time_s, time_s) else None

    def around(self, time_s: float, *, held_s: float, gap_s: float) -> list[Box]:
        """Where the face may be at a time, for covering it: one box around all places that overlap.

        These are the boxes next to this time that are at most `held_s` earlier or later, and the place
        between them where they are at most `gap_s` apart. Cuts are not regarded: where they are is an
        estimate as well.
        """
        after = bisect_right(self.times, time_s)
        last = self.boxes[after - 1] if after else None
        following = self.boxes[after] if after < len(self.boxes) else None
        found = [box for box in (last, following) if box is not None and abs(box.time_s - time_s) <= held_s]
        if last is not None and following is not None and following.time_s - last.time_s <= gap_s:
            found.append(between(last, following, time_s))
        return _around_all(found, time_s)

    def seen(self) -> list[tuple[float, float]]:
        """The times during which there is a box."""
        return [(run[0].time_s, run[-1].time_s + self.lasts_s) for run in self.runs]

    def _runs(self) -> list[list[Box]]:
        found: list[list[Box]] = [[self.boxes[0]]] if self.boxes else []
        for last, box in pairwise(self.boxes):
            if self._is_one_run(last, box):
                found[-1].append(box)
            else:
                found.append([box])
        return found

    def _is_one_run(self, last: Box, box: Box) -> bool:
        return box.time_s - last.time_s <= self.longest_gap_s and not self._is_cut(last.time_s, box.time_s)

    def _is_cut(self, start_s: float, end_s: float) -> bool:
        place = bisect_right(self.cuts, start_s)
        return place < len(self.cuts) and self.cuts[place] <= end_s


def _around_all(boxes: list[Box], time_s: float) -> list[Box]:
    """One box around boxes that have a place in common; else these."""
    if len(boxes) < 2:
        return boxes
    sides = list(zip(*(box[1:5] for box in boxes), strict=True))
    has_common = max(sides[0]) < min(sides[2]) and max(sides[1]) < min(sides[3])
    hull = Box(time_s, min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3]))
    return [hull] if has_common else boxes


def between(one: Box, other: Box, time_s: float) -> Box:
    """The place of a face between two boxes, as if it moved evenly.

    Example:
        >>> between(Box(0.0, 0.0, 0.0, 0.2, 0.2), Box(2.0, 0.4, 0.0, 0.6, 0.2), 1.0).left
        0.2
    """
    length = other.time_s - one.time_s
    share = min(max((time_s - one.time_s) / length, 0.0), 1.0) if length > 0 else 0.0
    sides = (a + share * (b - a) for a, b in zip(one[1:5], other[1:5], strict=True))
    return Box(time_s, *sides)


def thinned(run: Sequence[Box], tolerance: float) -> list[Box]:
    """Boxes of a run without those that lie on the way between two others, to a tolerance.

    Args:
        tolerance: In shares of the picture: no side of an interpolated box is farther from the true one.
    """
    if len(run) < 3:
        return list(run)
    kept = [run[0]]
    low, high = [-np.inf] * 4, [np.inf] * 4
    last = run[0]
    for box in run[1:]:
        start = kept[-1]
        length = max(box.time_s - start.time_s, 1e-9)
        slopes = _slopes(start, box, length)
        if any(not low[n] <= slope <= high[n] for n, slope in enumerate(slopes)):
            kept.append(last)
            start, length = last, max(box.time_s - last.time_s, 1e-9)
            low, high = [-np.inf] * 4, [np.inf] * 4
            slopes = _slopes(start, box, length)
        margin = tolerance / length
        low = [max(a, slope - margin) for a, slope in zip(low, slopes, strict=True)]
        high = [min(b, slope + margin) for b, slope in zip(high, slopes, strict=True)]
        last = box
    kept.append(run[-1])
    return kept


def _slopes(start: Box, box: Box, length_s: float) -> list[float]:
    """How fast each side moves."""
    return [(b - a) / length_s for a, b in zip(start[1:5], box[1:5], strict=True)]


def best_box(tracks: Sequence[Track]) -> Box | None:
    """The box of a person that shows the face best: large and surely detected."""
    boxes = [box for track in tracks for box in track.boxes]
    return max(boxes, key=_how_well, default=None)


def _how_well(box: Box) -> float:
    size = min(max(box.right - box.left, 0.0), 0.5) * min(max(box.bottom - box.top, 0.0), 0.7)
    inside = box.left > 0 and box.top > 0 and box.right < 1 and box.bottom < 1
    return size * (box.score or 0.5) * (1.0 if inside else 0.5)
