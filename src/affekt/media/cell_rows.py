"""Rows of cells, from lines: CSV with commas, semicolons, tabs or vertical bars.

    path,label              a header, which tells the separator
    walks/1.npz,"sad, a"    a cell with the separator, quotes or line ends is quoted

Lines end in LF, CRLF or CR. A first line `sep=;`, as spreadsheets write it, states the separator.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_GROUPED = re.compile(r"\s*[+-]?[1-9][0-9]{0,2}(,[0-9]{3})+\s*")
_STATED = re.compile(r"\s*\"?sep=(.)\"?\s*", re.IGNORECASE)


class CellRows:
    """The rows of a table after its header.

    Attributes:
        header: Cells of the first row that is not empty, without surrounding space.
        separator: Between cells.
    """

    def __init__(self, lines: Iterable[str], *, wanted: Sequence[str] = (), separator: str = "") -> None:
        """Args:
        lines: With their line ends, which quoted cells may hold.
        wanted: Columns that tell the separator, in any case.
        separator: Found in the header if not given.

        Raises:
            csv.Error: Quotes in the header are wrong.
        """
        texts = iter(lines)
        self._skipped = 0  # lines before the header
        header = ""
        for header in texts:
            stated = _STATED.fullmatch(header)
            if stated and not self._skipped:
                separator = stated[1]
            elif header.strip():
                break
            self._skipped += 1
            header = ""
        self.separator = separator or separator_of(header, wanted)
        self._rows = csv.reader(chain([header], texts), delimiter=self.separator, strict=True)
        self.header = [cell.strip() for cell in next(self._rows, [])]

    @property
    def line(self) -> int:
        """Number of the line, from 1, on which the last row ended."""
        return self._skipped + self._rows.line_num

    def __iter__(self) -> Iterator[list[str]]:
        return self._rows

    @property
    def notes(self) -> list[str]:
        """What was found rather than stated."""
        return [] if self.separator == "," else [f"cells are separated by {_spelled(self.separator)}"]


def separator_of(header: str, wanted: Sequence[str] = ()) -> str:
    """The separator with which a header has all wanted columns, or else the most cells.

    Example:
        >>> separator_of("path;label, as rated", ["path"]), separator_of("a,b;c")
        (';', ',')
    """
    columns = {name.casefold() for name in wanted}
    found = {sign: _cells(header, sign) for sign in SEPARATORS}
    for sign, cells in found.items():
        if columns and columns <= {cell.strip().casefold() for cell in cells}:
            return sign
    return max(found, key=lambda sign: len(found[sign]))


def _cells(header: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=separator), [])
    except csv.Error:  # a cell too long for a header
        return []


def number_in(cell: str, separator: str) -> float:
    """The number of a cell; a decimal comma is read where commas do not separate cells.

    Raises:
        ValueError: It is not a number; or between tabs, where commas may also group thousands, it may be two.

    Example:
        >>> number_in(" -0,25", ";"), number_in("0,250", chr(9)), number_in("1.5e3", ",")
        (-0.25, 0.25, 1500.0)
    """
    if separator == "," or "," not in cell:
        return float(cell)
    if separator != ";" and _GROUPED.fullmatch(cell):
        raise ValueError(f"{cell.strip()} may have a decimal comma, or group thousands")
    return float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)


def _spelled(separator: str) -> str:
    return SEPARATORS.get(separator, repr(separator))
