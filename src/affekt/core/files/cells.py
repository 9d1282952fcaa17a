"""Cells of CSV files that spreadsheets do not run as formulas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARK = "'"  # spreadsheets take what follows for text, and do not show it

Value = TypeVar("Value")


def safe_cell(value: Value) -> Value | str:
    """A value as a cell: text that a spreadsheet would compute begins with an apostrophe.

    Numbers stay numbers, also as text. Text that already begins with apostrophes before such a sign gets one
    more, so that `plain_cell` gives back each text.

    Example:
        >>> safe_cell("=1+1"), safe_cell("-0.5"), safe_cell(-0.5), safe_cell("happy")
        ("'=1+1", '-0.5', -0.5, 'happy')
    """
    if not isinstance(value, str) or not value.lstrip(_MARK).startswith(_FORMULA) or _is_number(value):
        return value
    return _MARK + value


def safe_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of which each value is a safe cell."""
    return {name: safe_cell(value) for name, value in row.items()}


def plain_cell(text: str) -> str:
    """The text that `safe_cell` has made a cell of.

    Example:
        >>> plain_cell("'=1+1"), plain_cell("'tis")
        ('=1+1', "'tis")
    """
    return text[1:] if text.startswith(_MARK) and text.lstrip(_MARK).startswith(_FORMULA) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
