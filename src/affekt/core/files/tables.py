"""Tables as files, written whole: CSV for people and spreadsheets, Parquet for programs."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError, require
from affekt.core.files.cells import safe_row
from affekt.core.files.whole import write_whole


def write_csv(
    path: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    columns: Sequence[str] | None = None,
    error: type[AffektError] = AffektError,
) -> None:
    """Write rows that have the same columns.

    Bytes of file names that are not UTF-8 are written as escapes.

    Args:
        columns: Their names. By default those of the rows: without rows the file is empty then.

    Raises:
        AffektError: The disk is full, or the place cannot be written. Of the type `error`.
    """
    with (
        write_whole(path, error=error) as partial,
        partial.open("w", newline="", encoding="utf-8", errors="backslashreplace") as stream,
    ):
        writer = csv.DictWriter(stream, fieldnames=columns or (list(rows[0]) if rows else []))
        writer.writeheader()
        writer.writerows(map(safe_row, rows))


def write_parquet(
    path: Path,
    rows: Sequence[Mapping[str, Any]],
    *,
    types: Mapping[str, type] | None = None,
    error: type[AffektError] = AffektError,
) -> None:
    """Write rows that have the same columns. Bytes of file names are written as in `write_csv`.

    Args:
        types: Columns and what their cells are: `str` or `float`, or None. By default as the rows have them:
            without rows there are no columns then.

    Raises:
        AffektError: The disk is full, or the place cannot be written. Of the type `error`.
        MissingExtra: pyarrow is not installed.
    """
    pyarrow = require("pyarrow", extra="parquet", needed_by="Parquet output")
    parquet = require("pyarrow.parquet", extra="parquet", needed_by="Parquet output")
    kinds = {str: pyarrow.string(), float: pyarrow.float64()}
    schema = types and pyarrow.schema([(name, kinds[kind]) for name, kind in types.items()])
    try:
        table = pyarrow.Table.from_pylist(list(rows), schema=schema)
    except UnicodeEncodeError:
        table = pyarrow.Table.from_pylist(
            [{name: _encoded(cell) for name, cell in row.items()} for row in rows], schema=schema
        )
    with write_whole(path, error=error) as partial:
        parquet.write_table(table, partial)


def _encoded(cell: Any) -> Any:
    return cell.encode(errors="backslashreplace").decode() if isinstance(cell, str) else cell
