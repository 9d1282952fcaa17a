"""Which item a rater is shown next, and what they answer."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from affekt.core.errors import UsageError
from affekt.metrics.agreement.ratings import vote_entropy
from affekt.project.database.connect import transaction
from affekt.project.database.times import now
from affekt.project.ratings.exports.items import ShownItem, shown_items

TAKEN_BACK = "ratings that were taken back"


class Progress(NamedTuple):
    """Numbers of items with a medium: rated and skipped by this rater in this round, and all."""

    rated: int
    skipped: int
    items: int


@dataclass(frozen=True)
class Queue:
    """What one rater has to rate in one round."""

    rater: str
    round: int

    def next_item(self, connection: sqlite3.Connection) -> ShownItem | None:
        """The item that most needs a rating; None if all are rated or skipped.

        In a later round, items that this rater rated in an earlier one come first. Then those with the fewest
        ratings in this round, of these the ones with the largest entropy of all votes, then by id.
        """
        answered = self._answered(connection)
        waiting = [one for one in _with_media(connection) if one.id not in answered]
        if not waiting:
            return None
        own = {
            str(row["item_id"])
            for row in connection.execute(
                "SELECT DISTINCT item_id FROM rating WHERE rater = ? AND round < ?", (self.rater, self.round)
            )
        }
        number = {
            str(row["item_id"]): int(row["n"])
            for row in connection.execute(
                "SELECT item_id, count(*) AS n FROM rating WHERE round = ? GROUP BY item_id", (self.round,)
            )
        }
        entropy = _entropies(connection)
        return min(
            waiting,
            key=lambda one: (one.id not in own, number.get(one.id, 0), -entropy.get(one.id, 0.0), one.id),
        )

    def item(self, connection: sqlite3.Connection, item: str) -> ShownItem | None:
        """An item by its id; None if it has no medium."""
        return next((one for one in _with_media(connection) if one.id == item), None)

    def progress(self, connection: sqlite3.Connection) -> Progress:
        """How far the rater is."""
        shown = "item_id IN (SELECT item_id FROM medium WHERE kind IN ('video', 'image', 'audio'))"
        rated, skipped = (
            int(
                connection.execute(
                    f"SELECT count(*) FROM {table} WHERE rater = ? AND round = ? AND {shown}",
                    (self.rater, self.round),
                ).fetchone()[0]
            )
            for table in ("rating", "rating_skip")
        )
        items = connection.execute(f"SELECT count(DISTINCT item_id) FROM medium WHERE {shown}").fetchone()[0]
        return Progress(rated, skipped, int(items))

    def rate(self, connection: sqlite3.Connection, item: str, label: str, seconds: float | None) -> None:
        """Keep a rating.

        Raises:
            UsageError: There is no such item, or this rater has rated it in this round.
        """
        with transaction(connection):
            self._check(connection, item)
            connection.execute(
                "INSERT INTO rating (item_id, rater, round, label, rated_at, seconds) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (item, self.rater, self.round, label, now(), seconds),
            )
            connection.execute(
                "DELETE FROM rating_skip WHERE item_id = ? AND rater = ? AND round = ?",
                (item, self.rater, self.round),
            )

    def skip(self, connection: sqlite3.Connection, item: str) -> None:
        """Keep that the rater did not want to rate an item.

        Raises: As `rate`.
        """
        with transaction(connection):
            self._check(connection, item)
            connection.execute(
                "INSERT INTO rating_skip (item_id, rater, round, skipped_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (item, self.rater, self.round, now()),
            )

    def take_back(self, connection: sqlite3.Connection, item: str) -> None:
        """Undo a rating or a skip; a rating is kept in the table `rating_left_out`."""
        key = (item, self.rater, self.round)
        with transaction(connection):
            connection.execute(
                "INSERT INTO rating_left_out (place, item, rater, round, label, rated_at, seconds, kind, "
                "reason) SELECT 'page', item_id, rater, round, label, rated_at, seconds, ?, 'undo' "
                "FROM rating "
                "WHERE item_id = ? AND rater = ? AND round = ?",
                (TAKEN_BACK, *key),
            )
            for table in ("rating", "rating_skip"):
                connection.execute(f"DELETE FROM {table} WHERE item_id = ? AND rater = ? AND round = ?", key)

    def show_skipped_again(self, connection: sqlite3.Connection) -> None:
        """Forget which items the rater skipped in this round."""
        with transaction(connection):
            connection.execute(
                "DELETE FROM rating_skip WHERE rater = ? AND round = ?", (self.rater, self.round)
            )

    def _check(self, connection: sqlite3.Connection, item: str) -> None:
        if connection.execute("SELECT 1 FROM item WHERE id = ?", (item,)).fetchone() is None:
            raise UsageError(f"no item is called {item!r}")
        row = connection.execute(
            "SELECT label FROM rating WHERE item_id = ? AND rater = ? AND round = ?",
            (item, self.rater, self.round),
        ).fetchone()
        if row is not None:
            raise UsageError(f"{self.rater} has rated {item} already: {row['label']}")

    def _answered(self, connection: sqlite3.Connection) -> set[str]:
        return self._items_of(connection, "rating") | self._items_of(connection, "rating_skip")

    def _items_of(self, connection: sqlite3.Connection, table: str) -> set[str]:
        rows = connection.execute(
            f"SELECT item_id FROM {table} WHERE rater = ? AND round = ?", (self.rater, self.round)
        )
        return {str(row["item_id"]) for row in rows}


def _with_media(connection: sqlite3.Connection) -> list[ShownItem]:
    return [one for one in shown_items(connection) if one.kind is not None]


def _entropies(connection: sqlite3.Connection) -> dict[str, float]:
    """Entropy of all votes of each rated item."""
    votes: dict[str, list[int]] = {}
    for row in connection.execute("SELECT item_id, count(*) AS n FROM rating GROUP BY item_id, label"):
        votes.setdefault(str(row["item_id"]), []).append(int(row["n"]))
    width = max(map(len, votes.values()), default=1)
    counts = np.array([[*own, *[0] * (width - len(own))] for own in votes.values()]).reshape(-1, width)
    # Rounded, so that equal votes in another order are equal.
    return dict(zip(votes, np.round(vote_entropy(counts), 9).tolist(), strict=True))
