"""Rows of spreadsheets: XLSX, XLS and ODS, the first sheet that has content.

Through python-calamine, an optional dependency: one wheel of 1 MB without dependencies that reads all three
forms, where openpyxl reads XLSX only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from affekt.core.errors import DataError, require

SUFFIXES = (".xlsx", ".xls", ".ods")


def read_sheet(path: Path) -> tuple[list[str], list[tuple[int, list[Any]]]]:
    """The header, and each row with its number in the sheet, from 1; rows without content are left out.

    Raises:
        DataError: It cannot be read, has no content, or two columns of one name.
        MissingExtra: The package is not installed.
    """
    require("python_calamine", extra="sheets", needed_by=f"reading {path.name}")
    from python_calamine import CalamineError, CalamineWorkbook

    if not path.is_file():
        raise DataError(f"{path} does not exist")
    try:
        workbook = CalamineWorkbook.from_path(path)
        sheets = (workbook.get_sheet_by_name(name) for name in workbook.sheet_names)
        rows = next(
            (found for found in (sheet.to_python(skip_empty_area=False) for sheet in sheets) if found), []
        )
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    filled = [(number, cells) for number, cells in enumerate(rows, 1) if any(cell != "" for cell in cells)]
    if not filled:
        raise DataError(f"{path} has no sheet with content")
    header = [str(cell).strip() for cell in filled[0][1]]
    repeated = [name for name in dict.fromkeys(header) if name and header.count(name) > 1]
    if repeated:
        raise DataError(f"{path} has the column {' and '.join(repeated)} twice: rename one")
    return header, filled[1:]
