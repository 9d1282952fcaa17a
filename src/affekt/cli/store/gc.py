"""`affekt store gc`."""

from __future__ import annotations

from typing import Annotated

import typer

from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, say
from affekt.cli.store.opened import megabytes, open_store
from affekt.core.wording import counted


def command(
    runs: RunsFolder = RUNS,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be removed.")] = False,
    json: AsJson = False,
) -> None:
    """Remove objects that no run needs, such as those of run folders that were removed.

    Runs count that are in the folder of all runs. Trainings in progress lose nothing: this waits until no
    checkpoint is being written.

    Example: affekt store gc
    """
    removed = open_store(runs).clean(dry=dry_run)
    if json:
        as_json({"removed": removed, "bytes": sum(removed.values()), "dry_run": dry_run})
        return
    what = "would be removed" if dry_run else "removed"
    say(f"{counted(len(removed), 'object')} {what}, {megabytes(sum(removed.values())):.1f} MB")
