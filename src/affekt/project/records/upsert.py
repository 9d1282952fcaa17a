"""Records into the database: each item once, later files fill in and correct earlier ones."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Skipped
from affekt.project.database.connect import transaction
from affekt.project.database.hashing import file_sha256
from affekt.project.database.times import now
from affekt.project.folder import Project
from affekt.project.records.read import Record, read_records

FIELDS = ("title", "account", "event", "published", "duration_s", "label")
# 7.02E+18 or 7.3e18: a spreadsheet has replaced the digits of an id.
_ROUNDED = re.compile(r"\d[.,]?\d*[eE][+]?\d+")
_ID = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}")


@dataclass
class Imported:
    """What an import has changed.

    Attributes:
        unchanged: Items that were there with the same values; all, if the file was imported before.
        skipped: Rows that could not be used, with reasons.
        notes: How the file was read, and values that were left out.
    """

    file: str
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: list[Skipped] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def import_records(project: Project, path: Path) -> Imported:
    """Import a file of records, all of it or nothing.

    The same file, read with the same settings, changes nothing. A value that a later file states replaces an
    earlier one; one that it leaves empty does not.

    Raises:
        DataError: The file cannot be read, or has no column of ids.
    """
    settings = project.settings
    reading = fingerprint(
        settings.records.model_dump(exclude={"files"}), settings.label_names, settings.labels
    )
    sha256 = file_sha256(path)
    report = Imported(path.name)
    with project.database() as connection:
        if _is_known(connection, sha256, reading):
            report.unchanged = _count(connection)
            report.notes.append(f"{path.name} was imported before: nothing to do")
            return report
    records = read_records(path, settings.records)
    report.skipped, report.notes = list(records.skipped), list(records.notes)
    items = _items(project, path, records.rows, report)
    with project.database() as connection, transaction(connection):
        if _is_known(connection, sha256, reading):  # another process was faster
            report.unchanged = len(items)
            return report
        source = connection.execute(
            "INSERT INTO source (purpose, name, sha256, reading, rows, imported_at) "
            "VALUES ('records', ?, ?, ?, ?, ?)",
            (path.name, sha256, reading, len(records.rows), now()),
        ).lastrowid
        for item in items.values():
            _upsert(connection, item, source, report)
    return report


@dataclass(frozen=True)
class _Item:
    id: str
    row: int
    values: Mapping[str, str | float | None]
    extra: Mapping[str, str]


def _items(project: Project, path: Path, rows: list[Record], report: Imported) -> dict[str, _Item]:
    """Items by id; rows that state an id again with other values are skipped."""
    settings = project.settings
    columns = settings.records.columns
    named = {name: getattr(columns, name) for name in FIELDS}
    items: dict[str, _Item] = {}
    for record in rows:
        where = f"{path.name} row {record.row}"
        try:
            key = _id(record.cells.get(columns.id), settings.records.id_after)
            values: dict[str, str | float | None] = {
                name: record.cells.get(column) for name, column in named.items()
            }
            values["duration_s"] = _seconds(record.cells.get(columns.duration_s))
        except ValueError as error:
            report.skipped.append(Skipped(where, str(error), "rows that cannot be used"))
            continue
        extra = {
            name: text
            for name, text in record.cells.items()
            if text is not None and name not in (columns.id, *named.values())
        }
        stated = record.cells.get(columns.label)
        values["label"] = settings.label_of(stated) if stated else None
        if stated and values["label"] is None:
            extra[columns.label] = stated
            report.notes.append(
                f"{where}: the label {stated!r} is not in the label set: the item has no label, the text is "
                "kept; state other spellings in project.toml, [label_names]"
            )
        item = _Item(key, record.row, values, extra)
        first = items.setdefault(key, item)
        if first is item:
            continue
        differing = [name for name in FIELDS if first.values[name] != values[name]]
        differing += [] if first.extra == extra else ["further columns"]
        if differing:
            report.skipped.append(
                Skipped(
                    where,
                    f"{key} is in row {first.row} already, with another {' and '.join(differing)}",
                    "ids that are given twice",
                )
            )
        else:
            report.notes.append(f"{where}: {key} is in row {first.row} already, with the same values")
    return items


def _upsert(connection: sqlite3.Connection, item: _Item, source: int | None, report: Imported) -> None:
    before = connection.execute("SELECT * FROM item WHERE id = ?", (item.id,)).fetchone()
    if before is None:
        columns = ("id", *FIELDS, "extra", "source_id", "source_row")
        connection.execute(
            f"INSERT INTO item ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            (item.id, *(item.values[name] for name in FIELDS), _json(item.extra), source, item.row),
        )
        report.added += 1
        return
    values = {name: before[name] if item.values[name] is None else item.values[name] for name in FIELDS}
    extra = _json({**json.loads(before["extra"]), **item.extra})
    if extra == before["extra"] and all(values[name] == before[name] for name in FIELDS):
        report.unchanged += 1
        return
    changes = ", ".join(f"{name} = ?" for name in (*FIELDS, "extra", "source_id", "source_row"))
    connection.execute(
        f"UPDATE item SET {changes} WHERE id = ?",
        (*(values[name] for name in FIELDS), extra, source, item.row, item.id),
    )
    report.updated += 1


def _id(text: str | None, after: str) -> str:
    if text is None:
        raise ValueError("it has no id")
    if _ROUNDED.fullmatch(text):
        raise ValueError(f"the id {text} was rounded by a spreadsheet: export the column as text")
    found = text.rpartition(after)[2].strip() if after else text
    if not _ID.fullmatch(found) or found.startswith("."):
        raise ValueError(
            f"the id {text[:60]!r} is empty, longer than 200 characters, or not usable as a name"
        )
    return found


def _seconds(text: str | None) -> float | None:
    """A duration in seconds.

    Raises:
        ValueError: It is not a number of at least 0.
    """
    if text is None:
        return None
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise ValueError(f"the duration {text!r} is not a number of seconds")
    return value


def _json(values: Mapping[str, str]) -> str:
    return json.dumps(values, ensure_ascii=False, sort_keys=True)


def _is_known(connection: sqlite3.Connection, sha256: str, reading: str) -> bool:
    return (
        connection.execute(
            "SELECT 1 FROM source WHERE purpose = 'records' AND sha256 = ? AND reading = ?", (sha256, reading)
        ).fetchone()
        is not None
    )


def _count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM item").fetchone()[0])
