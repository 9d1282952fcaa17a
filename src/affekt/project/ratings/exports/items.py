"""Items with the medium that a rater is shown."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

# The kinds in the order in which one is chosen; of sounds, the mixture first.
_CHOICE = "CASE kind WHEN 'video' THEN 0 WHEN 'image' THEN 1 WHEN 'audio' THEN 2 END, name <> 'mix', name"


@dataclass(frozen=True)
class ShownItem:
    """An item and its medium.

    Attributes:
        path: Below the project, or absolute; None without a medium.
        kind: video, image or audio; None without a medium.
        ratings: Number of raters of it.
    """

    id: str
    title: str | None
    kind: str | None
    path: str | None
    ratings: int


def shown_items(connection: sqlite3.Connection, *, fewer_than: int | None = None) -> list[ShownItem]:
    """All items by id.

    Args:
        fewer_than: Only items with fewer raters than this.
    """
    rows = connection.execute(
        f"""
        SELECT item.id, item.title, chosen.kind, chosen.path,
          (SELECT count(DISTINCT rater) FROM rating WHERE item_id = item.id) AS ratings
        FROM item LEFT JOIN (
          SELECT item_id, kind, path, row_number() OVER (PARTITION BY item_id ORDER BY {_CHOICE}) AS place
          FROM medium WHERE kind IN ('video', 'image', 'audio')
        ) AS chosen ON chosen.item_id = item.id AND chosen.place = 1
        ORDER BY item.id
        """
    )
    found = [ShownItem(row["id"], row["title"], row["kind"], row["path"], row["ratings"]) for row in rows]
    return [one for one in found if fewer_than is None or one.ratings < fewer_than]
