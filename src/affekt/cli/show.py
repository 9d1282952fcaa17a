"""What the commands share: tables for people, JSON for machines, progress on standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import rich
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

LINE_S = 1.0  # between lines of progress where there is no terminal
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
    """A progress bar with the pace and the time that is left; plain lines where there is no terminal.

    Yields a function of (done, total); total may be None. What is done when it is first called does not count
    for the pace: it may have been there before.
    """
    begun: list[tuple[int, float]] = []

    def pace(done: int) -> str:
        if not begun:
            begun.append((done, time.monotonic()))
        before, since = begun[0]
        if done == before:
            return ""
        each_s = (done - before) / max(time.monotonic() - since, 1e-3)
        return f"{each_s:.1f}/s" if each_s >= 1 else f"{each_s:.2f}/s"

    if not errors.is_terminal:
        last, told = 0, time.monotonic()

        def line(done: int, total: int | None) -> None:
            nonlocal last, told
            speed = pace(done)
            if total == 1:  # nobody waits for one
                return
            is_late = time.monotonic() - told >= LINE_S  # what was computed at once is told at once
            if done == total or (is_late and done - last >= max(1, (total or 1000) // 10)):
                last, told = done, time.monotonic()
                say(f"{what}: {done}{f' of {total}' if total else ''}{f', {speed}' if speed else ''}")

        yield line
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    with Progress(*columns, TimeRemainingColumn(), console=errors, transient=True) as bar:
        task = bar.add_task(what, total=None, pace="")
        yield lambda done, total: bar.update(task, completed=done, total=total, pace=pace(done))
