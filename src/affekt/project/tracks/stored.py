"""Stored boxes at the seconds of a clip, for crops and counts."""

from __future__ import annotations

import math
import sqlite3
from typing import NamedTuple

from affekt.core.errors import DataError


class SeenBox(NamedTuple):
    """A face or person in a frame. Places and sizes are shares of the picture's width or height, 0 to 1."""

    track: int
    left: float
    top: float
    width: float
    height: float
    score: float

    @property
    def area(self) -> float:
        """Share of the picture's area."""
        return self.width * self.height


def boxes_at_seconds(
    connection: sqlite3.Connection, item: str, *, what: str = "face"
) -> list[tuple[SeenBox, ...]]:
    """The boxes at 0, 1, ... floor(duration) seconds, both ends included, in the order of their tracks.

    Taken is the frame that was searched last at that time.

    Raises:
        DataError: The video was not searched.

    Source: CHFEN, alignment of frames.
    """
    key = (item, what)
    row = connection.execute(
        "SELECT frames, step_s, duration_s, width, height FROM tracked WHERE item_id = ? AND what = ?", key
    ).fetchone()
    if row is None:
        raise DataError(f"{item}: its video was not searched for a {what}: affekt project tracks")
    # Times are multiples of a step: without a tolerance, rounding would choose the frame before.
    frames = [
        min(math.floor(second / row["step_s"] + 1e-6), row["frames"] - 1)
        for second in range(math.floor(row["duration_s"]) + 1)
    ]
    found: dict[int, list[SeenBox]] = {frame: [] for frame in frames}
    for frame, track, x, y, w, h, score in connection.execute(
        "SELECT frame, track, x, y, w, h, score FROM box WHERE item_id = ? AND what = ? "
        "ORDER BY frame, track",
        key,
    ):
        if frame in found:
            width, height = row["width"], row["height"]
            found[frame].append(SeenBox(track, x / width, y / height, w / width, h / height, score))
    return [tuple(found[frame]) for frame in frames]
