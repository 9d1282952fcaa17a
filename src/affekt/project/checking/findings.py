"""What a check finds wrong with an item."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Literal, NamedTuple

Level = Literal["note", "warning", "error"]

# In the order of reports: code, and what it says of a clip.
TITLES = {
    "no_media": "Without media",
    "lacks_kind": "Without media of a required kind",
    "missing_file": "Files that are gone",
    "changed_file": "Files that changed after the import",
    "zero_bytes": "Files without content",
    "unreadable": "Files that cannot be read",
    "damaged": "Files that can be read in part",
    "lacks_stem": "Without the sound that is used",
    "no_sound": "Without a sound track",
    "silent": "Silent",
    "black": "Black throughout",
    "frozen": "One still frame throughout",
    "apart": "Picture, sound or subtitles of different lengths",
    "duration_differs": "Another duration than in the records",
}


class Finding(NamedTuple):
    """One fault of an item.

    Attributes:
        code: Of its kind, such as `zero_bytes`.
    """

    code: str
    level: Level
    text: str


def write_findings(connection: sqlite3.Connection, item: str, step: str, found: Iterable[Finding]) -> None:
    """Replace the findings of a step about an item."""
    connection.execute("DELETE FROM finding WHERE item_id = ? AND step = ?", (item, step))
    connection.executemany(
        "INSERT INTO finding (item_id, step, code, level, text) VALUES (?, ?, ?, ?, ?)",
        [(item, step, one.code, one.level, one.text) for one in dict.fromkeys(found)],
    )
