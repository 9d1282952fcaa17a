"""What a step finds wrong with an item: the table `finding`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Literal, NamedTuple

Level = Literal["note", "warning", "error"]


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
