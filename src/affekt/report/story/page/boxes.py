"""Boxes of faces for the page: those of a picture, and those that follow people in a video."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from affekt.core.timeline.parts import Box
from affekt.core.timeline.timeline import Timeline
from affekt.report.story.faces import FacePath, thinned

MOST = 60_000  # boxes of a page: about 1.5 MB
TOLERANCE = 0.004  # in shares of the picture: about two pixels of the player


def moving_boxes(timeline: Timeline) -> tuple[list[dict[str, Any]], float]:
    """Runs of boxes for the script, and the tolerance to which they were thinned, in shares of the picture.

    A run has times in milliseconds, and left, top, width and height of each box in thousandths. The script
    interpolates between boxes of a run.
    """
    paths = [FacePath(track, timeline.shots) for track in timeline.tracks if track.boxes]
    tolerance = TOLERANCE
    while True:
        runs = [(path, thinned(run, tolerance)) for path in paths for run in path.runs]
        if sum(len(run) for _, run in runs) <= MOST or tolerance > 0.1:
            break
        tolerance *= 2
    return [
        {
            "track": path.track.id,
            "person": path.track.person,
            "lasts": round(1000 * path.lasts_s),
            "at": [round(1000 * box.time_s) for box in run],
            "box": [value for box in run for value in _thousandths(box)],
        }
        for path, run in runs
    ], tolerance


def _thousandths(box: Box) -> list[int]:
    left, top, right, bottom = (round(1000 * side) for side in box[1:5])
    return [left, top, right - left, bottom - top]


def still_boxes(timeline: Timeline) -> list[tuple[str, str, str]]:
    """Of a picture: track, person and style of each face, the smallest last, so that it can be reached."""
    found: Sequence[tuple[str, str, Box]] = [
        (track.id, track.person, track.boxes[0]) for track in timeline.tracks if track.boxes
    ]
    ordered = sorted(found, key=lambda it: -(it[2].right - it[2].left) * (it[2].bottom - it[2].top))
    return [(track, person, place_of(box)) for track, person, box in ordered]


def place_of(box: Box) -> str:
    """The style of an element that covers a box."""
    sides = {
        "left": box.left,
        "top": box.top,
        "width": box.right - box.left,
        "height": box.bottom - box.top,
    }
    return "; ".join(f"{name}: {100 * value:.2f}%" for name, value in sides.items())
