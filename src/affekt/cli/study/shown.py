"""Tables of studies in a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from affekt.cli.show import say
from affekt.cli.tables import as_table

if TYPE_CHECKING:
    from affekt.report.study.tables import Table


def show_tables(tables: Iterable[Table]) -> None:
    """Tables on standard output, their notes on standard error; names of rows stay on one line."""
    for table in tables:
        rows = [[cell.text for cell in row] for row in table.rows]
        as_table(table.columns, rows, title=table.title, whole=table.columns[:1])
        if table.note:
            say(table.note)
