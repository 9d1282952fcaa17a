"""What the tracks of a video say about it: how long faces and persons are seen, and how large they are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple


class TrackSummary(NamedTuple):
    """The faces, or the persons, of a video.

    Attributes:
        tracks: Number of different ones, as far as the tracker keeps them apart.
        most: Largest number in one frame.
        seconds: Sum over all tracks of the time that each is seen; two faces for three seconds are six.
        share: Share of the searched frames with at least one.
        mean_ratio, largest_ratio: Area of all boxes of a frame in the area of the frame: mean over all
            searched frames, and largest. Where boxes overlap, their common area counts for each.
    """

    item: str
    what: str
    detector: str
    duration_s: float
    frames: int
    tracks: int
    most: int
    seconds: float
    share: float
    mean_ratio: float
    largest_ratio: float


_BY_FRAME = """
WITH by_frame AS (
  SELECT item_id, what, frame, count(*) AS boxes, sum(w * h) AS area FROM box GROUP BY item_id, what, frame
), by_video AS (
  -- The last frame stands for what is left of the video.
  SELECT item_id, what, count(*) AS with_boxes, max(boxes) AS most, sum(area) AS area, max(area) AS largest,
    sum(boxes * min(step_s, duration_s - frame * step_s)) AS seconds
  FROM by_frame JOIN tracked USING (item_id, what) GROUP BY item_id, what
), by_track AS (
  SELECT item_id, what, count(DISTINCT track) AS tracks FROM box GROUP BY item_id, what
)
SELECT item_id, what, detector, duration_s, frames, coalesce(tracks, 0), coalesce(most, 0),
  coalesce(seconds, 0.0), coalesce(with_boxes, 0) * 1.0 / frames,
  coalesce(area, 0.0) / (frames * width * height), coalesce(largest, 0.0) / (width * height)
FROM tracked LEFT JOIN by_video USING (item_id, what) LEFT JOIN by_track USING (item_id, what)
ORDER BY what, item_id
"""


def summarise(connection: sqlite3.Connection) -> list[TrackSummary]:
    """A summary of each video that was searched."""
    return [TrackSummary(*row) for row in connection.execute(_BY_FRAME)]


def face_ratios(connection: sqlite3.Connection, item: str) -> Iterator[tuple[float, int, float]]:
    """Of each searched frame of a video: time in seconds, number of faces, their share of its area."""
    rows = connection.execute(
        "WITH RECURSIVE number (frame) AS (SELECT 0 UNION ALL SELECT frame + 1 FROM number, tracked "
        "WHERE item_id = ?1 AND what = 'face' AND frame + 1 < frames) "
        "SELECT frame * step_s, count(box.track), coalesce(sum(w * h), 0.0) / (width * height) "
        "FROM tracked JOIN number LEFT JOIN box USING (item_id, what, frame) "
        "WHERE tracked.item_id = ?1 AND tracked.what = 'face' GROUP BY frame ORDER BY frame",
        (item,),
    )
    for time_s, faces, ratio in rows:
        yield float(time_s), int(faces), float(ratio)
