"""`affekt`: the commands, and the exit codes of errors."""

from __future__ import annotations

import errno
import logging
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import Annotated

import typer
from rich.highlighter import NullHighlighter
from rich.logging import RichHandler

from affekt import __version__
from affekt.cli import (
    card,
    chat,
    convert,
    datasets,
    demo,
    doctor,
    evaluate,
    export,
    methods,
    predict,
    recipe,
    recipes,
    train,
)
from affekt.cli.analysis import analyze, models
from affekt.cli.assets.main import app as assets_app
from affekt.cli.data.main import app as data_app
from affekt.cli.project.main import app as project_app
from affekt.cli.runs.main import app as runs_app
from affekt.cli.show import any_text, errors
from affekt.cli.speed import bench
from affekt.cli.store.main import app as store_app
from affekt.cli.study import compare, experiment
from affekt.core.errors import AffektError

# Of a redirected output: a full disk, a limit, a reader that has ended.
_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EPIPE)

app = typer.Typer(
    name="affekt",
    help="Train, evaluate, export and apply methods of affective computing.",
    epilog="Exit codes: 0 success, 1 failure, 2 wrong usage, 130 SIGINT (Ctrl-C), 143 SIGTERM.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(given: bool) -> bool:
    if given:
        typer.echo(f"affekt {__version__}")
        raise typer.Exit
    return given  # what a callback returns is the value of the option


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Options of all commands."""


for module in (
    demo,
    methods,
    datasets,
    card,
    recipes,
    recipe,
    convert,
    train,
    evaluate,
    experiment,
    compare,
    export,
    predict,
    analyze,
    chat,
    bench,
    models,
    doctor,
):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)
app.add_typer(runs_app, name="runs")
app.add_typer(data_app, name="data")
app.add_typer(assets_app, name="assets")
app.add_typer(project_app, name="project")
app.add_typer(store_app, name="store")


def run() -> None:
    """Run the command line; an `AffektError` is printed as one message, without a traceback."""
    any_text()
    before = signal.getsignal(signal.SIGTERM)
    if before == signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _ended_by(os.getpid()))
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[_lines()])
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except AffektError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in _UNWRITABLE:
            raise
        # What is left in memory is not tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno != errno.EPIPE:  # a reader such as `head` has ended: no error
            sys.stderr.write(f"AffektError: the output cannot be written: {error.strerror}\n")
        sys.exit(AffektError.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(130)
    except SystemExit as end:  # typer turns Ctrl-C into it; the command printed nothing
        if isinstance(getattr(end.__context__, "__cause__", None), KeyboardInterrupt):
            sys.stderr.write("stopped\n")
        raise
    finally:
        if before == signal.SIG_DFL:
            signal.signal(signal.SIGTERM, before)


def _ended_by(owner: int) -> Callable[[int, FrameType | None], None]:
    """A handler of SIGTERM that prints a line and ends the command.

    Args:
        owner: Process of the command; processes that it forks inherit the handler and end by default.
    """

    def end(signum: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)
            return
        sys.stderr.write("stopped by SIGTERM\n")
        sys.exit(128 + signum)

    return end


def _lines() -> logging.Handler:
    """Log lines on standard error: above a progress bar on a terminal, plain elsewhere."""
    if not errors.is_terminal:
        return logging.StreamHandler()
    return RichHandler(show_time=False, show_level=False, show_path=False, highlighter=NullHighlighter())
