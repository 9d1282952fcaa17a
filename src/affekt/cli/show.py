"""What the commands share: tables for people, JSON for machines, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import rich
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

# Rich's own console, on standard error: the engine's progress bar and log lines share it.
rich.reconfigure(stderr=True)
errors = rich.get_console()


def as_json(values: Any) -> None:
    """JSON on standard output."""
    sys.stdout.write(json.dumps(values, indent=1) + "\n")


def as_table(columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str = "") -> None:
    """A table on standard output; numbers right-aligned."""
    table = Table(title=title or None, title_justify="left", show_edge=False, pad_edge=False)
    for number, name in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[number], int | float) for row in rows)
        table.add_column(name, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row))
    # A pipe has no width: let nothing be folded there.
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(table, markup=False)


def say(text: str) -> None:
    """A plain line on standard error."""
    errors.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(what: str) -> Iterator[Any]:
    """A progress bar with the time that is left; plain lines where there is no terminal.

    Yields a function of (done, total); total may be None.
    """
    if not errors.is_terminal:
        last = 0

        def line(done: int, total: int | None) -> None:
            nonlocal last
            if total == 1:  # nobody waits for one
                return
            if done == total or done - last >= max(1, (total or 1000) // 10):
                last = done
                say(f"{what}: {done}{f' of {total}' if total else ''}")

        yield line
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
