"""Shared by the commands: JSON and progress on standard error."""

from __future__ import annotations

import codecs
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import rich
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

LINE_S = 1.0  # between lines of progress where there is no terminal
STAGE_LINE_S = 10.0  # the same for stages that take seconds to hours
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Download = Annotated[
    bool,
    typer.Option(
        "--download",
        help="Open a connection: download an encoder that the recipe names from the Hugging Face hub.",
    ),
]
_ESCAPES = "affekt.escapes"  # how characters that an encoding lacks are written
RUNS = Path("runs")
RunsFolder = Annotated[Path, typer.Option("--runs", help="Folder of all runs.")]

# Rich's own console, on standard error: the engine's progress bar and log lines use it as well.
rich.reconfigure(stderr=True)
errors = rich.get_console()


def any_text() -> None:
    """Let standard output and errors take characters that their encoding lacks, as escapes.

    Consoles and pipes of Windows have an encoding of 256 characters, those of the C locale have ASCII; names
    of files hold bytes that are not UTF-8. Where such bytes pass as they are (the C locale), they still do.
    """
    codecs.register_error(_ESCAPES, _bytes_or_escapes)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors=_ESCAPES if stream.errors == "surrogateescape" else "backslashreplace")


def _bytes_or_escapes(error: UnicodeError) -> tuple[str | bytes, int]:
    try:
        return codecs.lookup_error("surrogateescape")(error)
    except UnicodeError:
        return codecs.lookup_error("backslashreplace")(error)


def as_json(values: Any) -> None:
    """JSON on standard output."""
    sys.stdout.write(json.dumps(values, indent=1) + "\n")


def say(text: str) -> None:
    """A plain line on standard error."""
    errors.print(text, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def progress(what: str) -> Iterator[Any]:
    """A progress bar with speed and remaining time; plain lines if there is no terminal.

    Yields a function of (done, total); total may be None. Items that are done at its first call do not count
    for the speed: they may have existed before. A count that is lower than the last one begins anew.
    """
    before, since, latest = 0, 0.0, -1

    def pace(done: int) -> str:
        nonlocal before, since, latest
        if latest < 0 or done < latest:
            before, since = done, time.monotonic()
        latest = done
        if done == before:
            return ""
        each_s = (done - before) / max(time.monotonic() - since, 1e-3)
        return f"{each_s:.1f}/s" if each_s >= 1 else f"{each_s:.2f}/s"

    if not errors.is_terminal:
        last, printed = 0, time.monotonic()

        def line(done: int, total: int | None) -> None:
            nonlocal last, printed
            speed, last = pace(done), min(last, done)
            if total == 1:  # too short for progress
                return
            is_late = time.monotonic() - printed >= LINE_S
            if done == total or (is_late and done - last >= max(1, (total or 1000) // 10)):
                last, printed = done, time.monotonic()
                say(f"{what}: {done}{f' of {total}' if total else ''}{f', {speed}' if speed else ''}")

        yield line
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[pace]}"))
    with Progress(*columns, TimeRemainingColumn(), console=errors, transient=True) as bar:
        task = bar.add_task(what, total=None, pace="")
        yield lambda done, total: bar.update(task, completed=done, total=total, pace=pace(done))


@contextmanager
def any_progress(what: str) -> Iterator[Callable[[str, float, float], None]]:
    """Progress of work with stages of its own names: seconds of a medium that are done.

    Yields a function of (stage, done_s, all_s). On a terminal a bar for each stage; elsewhere a line every
    `STAGE_LINE_S` seconds.
    """
    if not errors.is_terminal:
        printed = time.monotonic()

        def line(stage: str, done_s: float, all_s: float) -> None:
            nonlocal printed
            if time.monotonic() - printed >= STAGE_LINE_S:
                printed = time.monotonic()
                say(f"{what}: {stage} {done_s:.0f} of {all_s:.0f} s")

        yield line
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[seconds]}"))
    with Progress(*columns, TimeRemainingColumn(), console=errors, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def bar(stage: str, done_s: float, all_s: float) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(f"{what}: {stage}", total=max(all_s, 1e-3), seconds="")
            seconds = f"{done_s:.0f} of {all_s:.0f} s"
            bars.update(tasks[stage], completed=done_s, seconds=seconds)

        yield bar
