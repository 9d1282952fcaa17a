"""Tables of lines of text: CSV with commas or semicolons, TSV and JSONL, as people save them.

    dialogue,speaker,text,label         CSV: a header row; cells with commas, quotes or line ends are quoted
    1,Ann,"Well, hello.",joy

    dialogue<TAB>speaker<TAB>text       TSV: a line for each row; quotes around a cell are optional

    {"dialogue": "1", "text": "Hi."}    JSONL: an object a line

The separator of a CSV is the one with which the header has the required columns. A row with more or fewer
cells than the header is skipped: its text may be cut at a comma. Encodings are those of
`affekt.media.text.decode`.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.errors import DataError, MediaError
from affekt.core.files.regular import read_regular
from affekt.core.sample import Skipped
from affekt.core.wording import counted
from affekt.data.layouts.tables import check_columns, normalize_columns, text_of
from affekt.media.cell_rows import CellRows
from affekt.media.text.decode import decode_text

SUFFIXES = (".csv", ".tsv", ".jsonl")
EMPTY = "empty lines"  # kind of skipped rows without content
_LONGEST_CELL = 1 << 24  # characters; the default of the csv module is 131072


class Row(NamedTuple):
    """A row, by column names, and the number of the line on which it ends, from 1."""

    line: int
    cells: Mapping[str, Any]


class TextTable(NamedTuple):
    """The rows of a file, what was skipped, and notes on how it was read."""

    rows: list[Row]
    columns: tuple[str, ...]
    skipped: list[Skipped]
    notes: list[str]


def read_text_table(
    path: Path,
    columns: Sequence[str],
    *,
    optional: Sequence[str] = (),
    encoding: str | None = None,
    hint: str = "",
) -> TextTable:
    """All rows of a file, by the form that its suffix states; CSV for other suffixes.

    Args:
        columns: Required columns. Names in another case are accepted, also of the optional ones.
        encoding: Codec that the caller states; found from the bytes if not given.
        hint: What to do if a column is missing.

    Raises:
        DataError: The file cannot be read, its encoding is not recognised, or it lacks a column.
        UsageError: There is no such codec.
    """
    text, notes = read_text(path, encoding=encoding)
    if not text.strip():
        raise DataError(f"{path} is empty")
    kind = path.suffix.lower()
    if kind == ".jsonl":
        rows, skipped = _json_rows(path, text, (*columns, *optional))
        names = tuple(dict.fromkeys(name for row in rows for name in row.cells))
    else:
        if kind == ".tsv":
            first, *table = _tab_rows(text)
            header = [name.strip() for name in first[1]]
        else:
            header, table, found = _csv_rows(path, text, columns)
            notes = [*notes, *(f"{path.name}: {note}" for note in found)]
        names = tuple(normalize_columns(header, (*columns, *optional)))
        rows, skipped = _checked(path, names, table)
    try:
        check_columns(path, names, columns)
    except DataError as error:
        raise DataError(f"{error}{f'; {hint}' if hint else ''}") from None
    return TextTable(rows, names, skipped, notes)


def read_text(path: Path, *, encoding: str | None = None) -> tuple[str, list[str]]:
    """The text of a file, and notes on its encoding.

    Raises:
        DataError: It cannot be read, or is not text in a known encoding.
        UsageError: There is no such codec.
    """
    try:
        decoded = decode_text(read_regular(path), path.name, encoding=encoding)
    except (OSError, MediaError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return decoded.text, [f"{path.name}: {note}" for note in decoded.notes]


def _csv_rows(
    path: Path, text: str, columns: Sequence[str]
) -> tuple[list[str], list[tuple[int, list[str]]], list[str]]:
    """The header; the rows, each with the number of the line on which it ends; notes.

    Raises:
        DataError: Quotes are wrong, so that cells cannot be separated.
    """
    limit = csv.field_size_limit(_LONGEST_CELL)
    rows = None
    try:
        rows = CellRows(io.StringIO(text, newline=""), wanted=columns)
        return rows.header, [(rows.line, cells) for cells in rows], rows.notes
    except csv.Error as error:
        raise DataError(
            f"{path} cannot be read: line {rows.line if rows else 1}: {error}; a cell with quotes is written "
            'as "He said ""no""."'
        ) from None
    finally:
        csv.field_size_limit(limit)


def _tab_rows(text: str) -> list[tuple[int, list[str]]]:
    return [
        (number, [_unquoted(cell) for cell in line.split("\t")] if line else [])
        for number, line in enumerate(split_lines(text), start=1)
    ]


def split_lines(text: str) -> list[str]:
    """Lines without their ends; only CR and LF end a line, not U+2028 or U+0085 within a text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _unquoted(cell: str) -> str:
    """A cell without quotes around it, where all quotes within are doubled, as spreadsheets write them."""
    inner = cell[1:-1]
    if len(cell) < 2 or cell[0] != '"' or cell[-1] != '"' or '"' in inner.replace('""', ""):
        return cell
    return inner.replace('""', '"')


def _checked(
    path: Path, names: tuple[str, ...], table: Sequence[tuple[int, list[str]]]
) -> tuple[list[Row], list[Skipped]]:
    rows: list[Row] = []
    skipped: list[Skipped] = []
    for number, cells in table:
        if not any(cell.strip() for cell in cells):
            skipped.append(Skipped(f"{path.name} line {number}", "the line is empty", EMPTY))
        elif len(cells) != len(names):
            reason = (
                f"it has {counted(len(cells), 'cell')}, the header {len(names)}: "
                "quote cells that hold the separator"
            )
            skipped.append(Skipped(f"{path.name} line {number}", reason, "rows of another length"))
        else:
            rows.append(Row(number, dict(zip(names, cells, strict=True))))
    return rows, skipped


def _json_rows(path: Path, text: str, columns: Sequence[str]) -> tuple[list[Row], list[Skipped]]:
    rows: list[Row] = []
    skipped: list[Skipped] = []
    for number, line in enumerate(split_lines(text), start=1):
        where = f"{path.name} line {number}"
        if not line.strip():
            skipped.append(Skipped(where, "the line is empty", EMPTY))
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            skipped.append(Skipped(where, f"it is not JSON: {error}", "broken JSON"))
            continue
        if not isinstance(found, dict):
            skipped.append(Skipped(where, "it is not a JSON object {...}", "broken JSON"))
            continue
        names = normalize_columns([name.strip() for name in found], columns)
        rows.append(Row(number, dict(zip(names, found.values(), strict=True))))
    if not rows:
        raise DataError(f"{path} has no line with a JSON object, such as {skipped[0]}")
    return rows, skipped


def number_of(row: Row, column: str) -> int | None:
    """A cell as a whole number; None if it is not one."""
    text = text_of(row.cells, column) or ""
    try:
        return int(text)
    except ValueError:
        return int(float(text)) if text.endswith(".0") and text[:-2].isdecimal() else None
