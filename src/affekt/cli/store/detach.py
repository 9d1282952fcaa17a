"""`affekt store detach`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.next_step import line
from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, say
from affekt.cli.store.opened import megabytes


def command(
    run: Annotated[Path, typer.Argument(help="A run, by its folder or name.")],
    to: Annotated[Path | None, typer.Argument(help="Folder of a copy; the run itself if not given.")] = None,
    runs: RunsFolder = RUNS,
    json: AsJson = False,
) -> None:
    """Make a run folder self-contained, so that it can be moved: its weights become files of its own.

    Example: affekt store detach latest /media/disk/gait-run
    """
    from affekt.engine.runs.names import find_run
    from affekt.engine.store.detach import detach

    path = find_run(run, runs)
    count = detach(path, to)
    if json:
        as_json({"run": str(to or path), "bytes": count})
        return
    say(f"{to or path} holds all its weights ({megabytes(count):.1f} MB)")
    if to is None:
        say(f"next: {line('affekt', 'store', 'gc')} frees objects that no run needs any more")
