"""Readers of annotation tables, and checks of what they state, for all layouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from affekt.core.errors import DataError, MediaError
from affekt.core.wording import counted
from affekt.media.table_file import open_cells

# Standard column names, recognised in any case.
COLUMNS = ("path", "label", "subject", "split", "id")
# Words that tables hold for a missing value, in small letters.
ABSENT = frozenset({"", "nan", "null", "none", "n/a", "na", "#n/a", "<na>", "nil"})

_SHOWN = 10  # problems that a message lists


def csv_rows(
    path: Path, columns: Sequence[str], *, notes: list[str] | None = None
) -> Iterator[tuple[int, dict[Any, Any]]]:
    """Rows of a table one by one, each with the number of the line on which it ends, from 1.

    Separators, encodings and line ends are those of `affekt.media.table_file`. Keys have no surrounding
    space. A cell that a row lacks is None; cells beyond the header are a list under None. Empty rows are left
    out.

    Args:
        columns: Required columns.
        notes: Notes on how the file was read are added.

    Raises:
        DataError: The file cannot be read, lacks a column, or has one twice.
    """
    try:
        with open_cells(path, wanted=columns) as (rows, found):
            header = normalize_columns(rows.header, columns)
            check_columns(path, header, columns)
            if notes is not None:
                notes += [f"{path.name}: {note}" for note in found]
            for cells in rows:
                further = cells[len(header) :]
                row: dict[Any, Any] = dict.fromkeys(header) | dict(zip(header, cells, strict=False))
                if any(cell.strip() for cell in further):
                    row[None] = further
                if any(cell.strip() for cell in cells):
                    yield rows.line, row
    except MediaError as error:
        raise DataError(str(error)) from None


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
        count = counted(len(problems), "problem")
        raise DataError("\n  ".join([f"{source} has {count}", *problems[:_SHOWN], *more]))


def normalize_columns(found: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Column names in standard spelling: `Path` becomes `path` if there is no column `path`."""
    spelled = {name.casefold(): name for name in (*COLUMNS, *wanted)}
    changed = [spelled.get(name.casefold(), name) if name not in wanted else name for name in found]
    return changed if len(set(changed)) == len(set(found)) else list(found)


def check_columns(path: Path, found: Sequence[str], wanted: Sequence[str]) -> None:
    """Require columns, each once.

    Raises:
        DataError: A column is missing or repeated.
    """
    missing = [name for name in wanted if name not in found]
    if missing:
        raise DataError(
            f"{path} lacks the column {' and '.join(missing)}; "
            f"found {', '.join(map(str, found)) or 'no columns'}"
        )
    repeated = [name for name in dict.fromkeys(found) if name and list(found).count(name) > 1]
    if repeated:
        raise DataError(f"{path} has the column {' and '.join(repeated)} twice: rename one")
