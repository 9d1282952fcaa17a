"""Ratings into the database: each once, and a file all of it or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Skipped
from affekt.project.database.connect import transaction
from affekt.project.database.hashing import file_sha256
from affekt.project.database.times import now
from affekt.project.folder import Project
from affekt.project.ratings.forms.read import read_rating_file
from affekt.project.ratings.forms.stated import RatingFile, StatedRating
from affekt.project.settings.project import ProjectSettings

UNKNOWN_ITEM = "ratings of unknown items"
UNKNOWN_LABEL = "labels outside the set"
CONTRADICTION = "ratings that contradict another"
_READING = {"columns", "rater_columns", "rater_names", "control", "encoding"}  # settings that a reading is by
_LONGEST_NAME = 100  # characters of a rater


@dataclass
class ImportedRatings:
    """What an import of ratings has changed.

    Attributes:
        unchanged: Ratings that were there already.
        skips: Items that a rater skipped, as the file states.
        left_out: What was not taken, with reasons; ratings among it are kept in the table `rating_left_out`.
        notes: How the file was read.
    """

    file: str
    added: int = 0
    unchanged: int = 0
    skips: int = 0
    left_out: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Key(NamedTuple):
    item: str
    rater: str
    round: int


def import_ratings(project: Project, path: Path, *, rater: str = "", round: int = 1) -> ImportedRatings:
    """Import a file of ratings, all of it or nothing.

    The same file again adds nothing, except for ratings whose item or label was not known before. A rating
    never replaces another one.

    Args:
        rater: Who rated, where the file does not state it.
        round: The round of all ratings of which the file states none.

    Raises:
        DataError: The file cannot be read, or is not laid out as ratings.
        UsageError: Its form is not known, or needs a package that is not installed.
    """
    settings = project.settings
    sha256 = file_sha256(path)
    file = read_rating_file(path, settings, rater=rater)
    report = ImportedRatings(path.name, left_out=list(file.skipped), notes=list(file.notes))
    reading = fingerprint(
        settings.ratings.model_dump(include=_READING), settings.label_names, settings.labels, rater, round
    )
    with project.database() as connection, transaction(connection):
        source = _source(connection, path.name, sha256, reading, len(file.ratings))
        # What an earlier reading of the file left out is found again, or is taken now.
        connection.execute(
            "DELETE FROM rating_left_out WHERE source_id IN "
            "(SELECT id FROM source WHERE purpose = 'ratings' AND sha256 = ?)",
            (sha256,),
        )
        _Import(connection, settings, source, round, report).take(file)
    return report


class _Import:
    """The import of one file within a transaction."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        settings: ProjectSettings,
        source: int,
        default_round: int,
        report: ImportedRatings,
    ) -> None:
        self.connection, self.settings, self.source = connection, settings, source
        self.round, self.report = default_round, report
        self.items = {str(row["id"]) for row in connection.execute("SELECT id FROM item")}
        self.known = {
            _Key(row["item_id"], row["rater"], row["round"]): str(row["label"])
            for row in connection.execute("SELECT item_id, rater, round, label FROM rating")
        }
        self.stated_at: dict[_Key, str] = {}

    def take(self, file: RatingFile) -> None:
        before = {key.rater for key in self.known}
        names = self.settings.ratings.rater_names
        ratings = [replace(one, rater=names.get(one.rater, one.rater)) for one in file.ratings]
        for rating in ratings:
            self._take_one(rating)
        self._note_similar_names(before | {rating.rater for rating in ratings})

    def _take_one(self, rating: StatedRating) -> None:
        number = rating.round or self.round
        if not rating.rater.isprintable() or len(rating.rater) > _LONGEST_NAME:
            self._leave_out(
                rating, number, "names that cannot be used", f"{rating.rater[:40]!r} is not a name"
            )
            return
        item = self._item_of(rating.items)
        if item is None:
            self._leave_out(rating, number, UNKNOWN_ITEM, f"no item is called {' or '.join(rating.items)}")
            return
        key = _Key(item, rating.rater, number)
        if rating.label is None:
            self._take_skip(key, rating)
            return
        label = self.settings.label_of(rating.label)
        if label is None:
            self._leave_out(rating, number, UNKNOWN_LABEL, f"{rating.label!r} is not in the label set")
            return
        before = self.known.setdefault(key, label)
        place = self.stated_at.setdefault(key, rating.place)
        if before != label:
            where = f"in {place}" if place != rating.place else "from an earlier import"
            reason = f"{rating.rater} rated {item} {label}, but {before} {where}"
            states = "" if rating.round else "; the file states no rounds"
            self._leave_out(rating, number, CONTRADICTION, f"{reason}, in round {number}{states}")
            return
        added = self.connection.execute(
            "INSERT INTO rating (item_id, rater, round, label, rated_at, seconds, source_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (*key, label, rating.rated_at, rating.seconds, self.source),
        ).rowcount
        self.connection.execute("DELETE FROM rating_skip WHERE item_id = ? AND rater = ? AND round = ?", key)
        self.report.added += added
        self.report.unchanged += 1 - added

    def _take_skip(self, key: _Key, rating: StatedRating) -> None:
        self.report.skips += 1
        if key not in self.known:
            self.connection.execute(
                "INSERT INTO rating_skip (item_id, rater, round, skipped_at) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO NOTHING",
                (*key, rating.rated_at),
            )

    def _item_of(self, names: tuple[str, ...]) -> str | None:
        after = self.settings.records.id_after
        for name in names:
            if name in self.items:
                return name
            if after and name.rpartition(after)[2].strip() in self.items:
                return name.rpartition(after)[2].strip()
        return None

    def _leave_out(self, rating: StatedRating, number: int, kind: str, reason: str) -> None:
        self.report.left_out.append(Skipped(rating.place, reason, kind))
        self.connection.execute(
            "INSERT INTO rating_left_out (source_id, place, item, rater, round, label, rated_at, seconds, "
            "kind, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.source, rating.place, rating.items[0] if rating.items else "", rating.rater, number,
                rating.label or "", rating.rated_at, rating.seconds, kind, reason,
            ),
        )  # fmt: skip

    def _note_similar_names(self, raters: set[str]) -> None:
        spelled: dict[str, list[str]] = {}
        for name in sorted(raters):
            spelled.setdefault(name.casefold(), []).append(name)
        for names in spelled.values():
            if len(names) > 1:
                self.report.notes.append(f"{' and '.join(names)} count as different raters")


def left_out_counts(connection: sqlite3.Connection) -> Mapping[str, int]:
    """Number of ratings that were stated but not taken, by kind."""
    rows = connection.execute("SELECT kind, count(*) AS n FROM rating_left_out GROUP BY kind ORDER BY kind")
    return {str(row["kind"]): int(row["n"]) for row in rows}


def _source(connection: sqlite3.Connection, name: str, sha256: str, reading: str, rows: int) -> int:
    """The row of `source` of this file, read in this way."""
    connection.execute(
        "INSERT INTO source (purpose, name, sha256, reading, rows, imported_at) "
        "VALUES ('ratings', ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (name, sha256, reading, rows, now()),
    )
    row = connection.execute(
        "SELECT id FROM source WHERE purpose = 'ratings' AND sha256 = ? AND reading = ?", (sha256, reading)
    ).fetchone()
    return int(row["id"])
