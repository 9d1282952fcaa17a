"""The progress of a study on standard error, with an estimate of the time that is left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from affekt.cli.show import errors, say
from affekt.studies.running.schedule import OnChange
from affekt.studies.running.schedule import Progress as State


@contextmanager
def study_progress() -> Iterator[OnChange]:
    """A bar on a terminal, else a line for each run that is finished or failed."""
    if errors.is_terminal:
        columns = (
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[left]}"),
            TextColumn("{task.description}"),
        )
        with Progress(*columns, console=errors, transient=True) as bar:
            task = bar.add_task("", total=None, left="")

            def update(state: State) -> None:
                done = state.total - state.left
                bar.update(
                    task,
                    total=state.total,
                    completed=done,
                    left=time_left(state),
                    description="; ".join(state.running),
                )

            yield update
        return
    shown: set[str] = set()
    begun = False

    def line(state: State) -> None:
        nonlocal begun
        if not begun:
            begun = True
            if state.kept:
                say(f"{state.kept} of {state.total} are done already")
        for name in [*state.finished, *state.failed]:
            if name in shown:
                continue
            shown.add(name)
            what = f"failed: {state.failed[name].splitlines()[0]}" if name in state.failed else "done"
            left = time_left(state)
            say(f"{state.total - state.left} of {state.total}: {name}: {what}{f'; {left}' if left else ''}")

    yield line


def time_left(state: State) -> str:
    """The estimate in words; empty if there is none.

    Example:
        >>> time_left(State(4, kept=1, finished=["a"], seconds=[90.0]))
        'about 3 min left'
    """
    seconds = state.left_s
    if seconds is None or not state.left:
        return ""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s left"
    return f"about {round(seconds / 60)} min left" if seconds < 5400 else f"about {seconds / 3600:.1f} h left"
