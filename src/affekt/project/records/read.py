"""Rows of collected records: CSV, TSV, JSON lines, Parquet, SQLite. Each cell is text, or missing."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import DataError, UsageError, require
from affekt.core.sample import Skipped
from affekt.core.settings import suggest
from affekt.data.layouts.tables import is_absent
from affekt.data.layouts.text_tables import read_text_table
from affekt.project.settings.records import RecordSettings

SQLITE = (".sqlite", ".sqlite3", ".db")
_WHOLE = 2**53  # above which a floating-point number does not hold every whole number


class Record(NamedTuple):
    """A row: its number in the file, and its cells by column."""

    row: int
    cells: Mapping[str, str | None]


class Records(NamedTuple):
    """The rows of a file, its columns, what was skipped, and notes on how it was read."""

    rows: list[Record]
    columns: tuple[str, ...]
    skipped: list[Skipped]
    notes: list[str]


def read_records(path: Path, settings: RecordSettings) -> Records:
    """All rows of a file, by the form that its suffix states.

    Raises:
        DataError: It cannot be read, or has no column of ids.
        UsageError: Its form is not known, or needs a package that is not installed.
    """
    suffix, wanted = path.suffix.lower(), settings.columns.id
    if suffix in SQLITE:
        found = _sqlite(path, settings.table)
    elif suffix == ".parquet":
        found = _parquet(path)
    elif suffix in (".csv", ".tsv", ".jsonl"):
        optional = [name for _, name in settings.columns]
        table = read_text_table(
            path,
            (wanted,),
            optional=optional,
            encoding=settings.encoding or None,
            hint="name the column of ids in project.toml: [records.columns] id = ...",
        )
        rows = ((row.line, row.cells) for row in table.rows)
        found = _checked(path, rows, table.columns, list(table.skipped), list(table.notes))
    else:
        raise UsageError(f"{path}: records are .csv, .tsv, .jsonl, .parquet, {', '.join(SQLITE)}")
    if wanted not in found.columns:
        raise DataError(
            f"{path} has no column {wanted!r} of ids, {suggest(wanted, list(found.columns))}: name it in "
            "project.toml, [records.columns] id = ..."
        )
    return found


def _sqlite(path: Path, table: str) -> Records:
    if not path.is_file():
        raise DataError(f"{path} does not exist")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            names = [
                str(row[0])
                for row in connection.execute(
                    "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')"
                )
            ]
            if not table and len(names) == 1:
                table = names[0]
            if table not in names:
                raise DataError(
                    f"{path} has the tables {', '.join(names) or '(none)'}: name one in project.toml, "
                    "[records] table = ..."
                )
            quoted = '"' + table.replace('"', '""') + '"'
            cursor = connection.execute(f"SELECT * FROM {quoted}")
            columns = tuple(str(it[0]) for it in cursor.description)
            rows = [
                (number, dict(zip(columns, values, strict=True))) for number, values in enumerate(cursor, 1)
            ]
    except sqlite3.Error as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return _checked(path, rows, columns, [], [])


def _parquet(path: Path) -> Records:
    require("pyarrow", extra="parquet", needed_by=f"reading {path.name}")
    import pyarrow as arrow
    import pyarrow.parquet as parquet

    try:
        table = parquet.read_table(path)
    except (arrow.ArrowException, OSError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return _checked(path, enumerate(table.to_pylist(), 1), tuple(table.column_names), [], [])


def _checked(
    path: Path,
    rows: Iterable[tuple[int, Mapping[str, Any]]],
    columns: tuple[str, ...],
    skipped: list[Skipped],
    notes: list[str],
) -> Records:
    """Rows whose cells are all text; the others are skipped, each with its reason."""
    kept: list[Record] = []
    for number, cells in rows:
        try:
            kept.append(Record(number, {name: cell_text(name, value) for name, value in cells.items()}))
        except ValueError as error:
            skipped.append(Skipped(f"{path.name} row {number}", str(error), "cells that cannot be read"))
    return Records(kept, columns, skipped, notes)


def cell_text(name: str, value: Any) -> str | None:
    """A cell as text; None where it states that the value is missing.

    Raises:
        ValueError: It holds no text, or a number that has lost digits.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float):
        if value.is_integer() and abs(value) >= _WHOLE:
            raise ValueError(
                f"{name} is {value!r}, a floating-point number that cannot hold all digits: save it as text"
            )
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bytes):
        raise ValueError(f"{name} holds {len(value)} bytes, not text")
    text = str(value).strip()
    return None if is_absent(text) else text
