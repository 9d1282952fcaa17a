"""Where a followed face is: boxes found, and boxes between them."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from affekt.analysis.faces.followed import FollowedFace
from affekt.core.timeline.parts import Box

_DIGITS = 5  # of a share of the picture: a tenth of a pixel of 8K video


def extent_of(face: FollowedFace, shot: tuple[float, float], step_s: float) -> tuple[float, float]:
    """When a face is seen first and last: to the ends of its shot where no searched frame lies between."""
    first, last = face.times_s[0], face.times_s[-1]
    near_s = 1.5 * step_s  # a searched frame may begin a little before its step
    start_s = shot[0] if first - shot[0] <= near_s else first
    end_s = shot[1] if shot[1] - last <= near_s else min(last + step_s / 2, shot[1])
    return min(start_s, first), max(end_s, last)


def boxes_of(face: FollowedFace, extent: tuple[float, float], step_s: float) -> list[Box]:
    """Boxes of a face, at least one each step.

    Without a score are those where it was missed, which are interpolated, and those at its first and last
    moment, where it is taken to be where it is found next to it.
    """
    times_s = np.array(face.times_s)
    places = np.array(face.boxes).reshape(-1, 4).clip(0, 1)
    found = [
        _box(time_s, place, score) for time_s, place, score in zip(times_s, places, face.scores, strict=True)
    ]
    boxes: list[Box] = []
    if extent[0] < times_s[0] - 1e-6:
        boxes.append(_box(extent[0], places[0], None))
    for number, box in enumerate(found):
        boxes.append(box)
        if number + 1 < len(found):
            between = round((times_s[number + 1] - times_s[number]) / step_s) - 1
            for share in (np.arange(between) + 1) / (between + 1):
                time_s = times_s[number] + share * (times_s[number + 1] - times_s[number])
                place = places[number] + share * (places[number + 1] - places[number])
                boxes.append(_box(time_s, place, None))
    if extent[1] > times_s[-1] + 1e-6:
        boxes.append(_box(extent[1], places[-1], None))
    return boxes


def detections_of(faces: Iterable[FollowedFace]) -> tuple[Box, ...]:
    """The boxes that the detector found of some faces, in order of time."""
    found = [
        _box(time_s, place, score)
        for face in faces
        for time_s, place, score in zip(
            face.times_s, np.array(face.boxes).reshape(-1, 4).clip(0, 1), face.scores, strict=True
        )
    ]
    return tuple(sorted(found, key=lambda box: box.time_s))


def _box(time_s: float, place: np.ndarray, score: float | None) -> Box:
    left, top, right, bottom = (round(float(edge), _DIGITS) for edge in place)
    return Box(round(float(time_s), 6), left, top, right, bottom, None if score is None else round(score, 4))
