"""TEMPORARY until the words of the media side are merged."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np


def cues_of(connection: sqlite3.Connection, item: str, tracks: Sequence[str]) -> list[sqlite3.Row]:
    """Cues of the first track that the item has."""
    for track in tracks:
        found = connection.execute(
            "SELECT start_s, end_s, text FROM cue WHERE item_id = ? AND track = ? ORDER BY start_s, number",
            (item, track),
        ).fetchall()
        if found:
            return found
    return []


def words_at(cues: Sequence[sqlite3.Row], times: np.ndarray) -> list[str]:
    """The first cue with start <= t <= end."""
    return [next((cue["text"] for cue in cues if cue["start_s"] <= t <= cue["end_s"]), "") for t in times]
