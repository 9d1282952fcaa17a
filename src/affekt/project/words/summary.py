"""The words of a project as plain values: for `--json` and the terminal."""

from __future__ import annotations

import sqlite3
from typing import Any

STEPS = ("subtitles", "recognition")


def describe_words(connection: sqlite3.Connection) -> dict[str, Any]:
    """Tracks with their cues and confidence, findings, and items without a result, as plain JSON values."""
    marks = ", ".join("?" * len(STEPS))
    return {
        "items": int(connection.execute("SELECT count(*) FROM item").fetchone()[0]),
        "without_words": int(
            connection.execute(
                "SELECT count(*) FROM item WHERE id NOT IN (SELECT item_id FROM cue)"
            ).fetchone()[0]
        ),
        "tracks": [
            {"track": track, "items": items, "cues": cues, "seconds": seconds, "confidence": confidence}
            for track, items, cues, seconds, confidence in connection.execute(
                "SELECT track, count(DISTINCT item_id), count(*), round(sum(end_s - start_s), 1), "
                "avg(confidence) FROM cue GROUP BY track ORDER BY track"
            )
        ],
        "findings": [
            dict(row)
            for row in connection.execute(
                "SELECT item_id AS item, code, level, text FROM finding WHERE step = 'subtitles' "
                "ORDER BY CASE level WHEN 'error' THEN 0 WHEN 'warning' THEN 1 ELSE 2 END, item_id, text"
            )
        ],
        "failed": [
            dict(row)
            for row in connection.execute(
                "SELECT item_id AS item, step, reason FROM done "
                f"WHERE step IN ({marks}) AND reason IS NOT NULL ORDER BY step, item_id",
                STEPS,
            )
        ],
    }
