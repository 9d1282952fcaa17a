"""Readers of annotation tables, and checks of what they state, for all layouts."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from affekt.core.errors import DataError

# Standard column names, recognised in any case.
COLUMNS = ("path", "label", "subject", "split", "id")
# Words that tables hold for a missing value, in small letters.
ABSENT = frozenset({"", "nan", "null", "none", "n/a", "na", "#n/a", "<na>", "nil"})

_SHOWN = 10  # problems that a message lists


def csv_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Rows of a CSV file one by one, keys without surrounding space.

    Args:
        columns: Required columns.

    Raises:
        DataError: The file cannot be read, or lacks a column.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:  # spreadsheets write a BOM
            reader = csv.DictReader(stream, strict=True)
            reader.fieldnames = normalize_columns([name.strip() for name in reader.fieldnames or ()], columns)
            check_columns(path, reader.fieldnames, columns)
            yield from reader
    except (csv.Error, OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None


def text_of(row: Mapping[str, Any], column: str) -> str | None:
    """A cell without surrounding space; None where it is empty."""
    value = row.get(column)
    return (str(value).strip() or None) if value is not None else None


def stated_text(row: Mapping[str, Any], column: str) -> str | None:
    """A cell without surrounding space; None where it is empty or holds a word such as `nan`."""
    text = text_of(row, column)
    return None if text is None or is_absent(text) else text


def is_absent(text: str) -> bool:
    """Whether a word stands for a missing value, such as `nan`."""
    return text.strip().casefold() in ABSENT


def leaves_folder(name: str) -> bool:
    """Whether a path in a list points outside the folder of the list."""
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\0" in name


def raise_problems(source: Path, problems: Sequence[str]) -> None:
    """Report all problems of a file or folder in one error; the list is cut after the first ten.

    Raises:
        DataError: There are problems.
    """
    if problems:
        more = [f"and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise DataError("\n  ".join([f"{source} has {count}", *problems[:_SHOWN], *more]))


def normalize_columns(found: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Column names in standard spelling: `Path` becomes `path` if there is no column `path`."""
    spelled = {name.casefold(): name for name in (*COLUMNS, *wanted)}
    changed = [spelled.get(name.casefold(), name) if name not in wanted else name for name in found]
    return changed if len(set(changed)) == len(set(found)) else list(found)


def check_columns(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Require columns.

    Raises:
        DataError: A column is missing.
    """
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(
            f"{path} lacks the column {' and '.join(missing)}; "
            f"found {', '.join(map(str, found)) or 'no columns'}"
        )
