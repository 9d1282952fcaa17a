"""`affekt store du`."""

from __future__ import annotations

from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, say
from affekt.cli.store.opened import megabytes, named_runs, open_store
from affekt.cli.tables import as_table
from affekt.core.wording import counted


def command(runs: RunsFolder = RUNS, json: AsJson = False) -> None:
    """Show the bytes of each run, and how many the store saves.

    `alone` is what a run would take if each of its checkpoints held its own weights, `own` what it takes,
    and `shared` the objects that other runs need too.

    Example: affekt store du
    """
    from affekt.engine.store.usage import measure

    store = open_store(runs)
    named = named_runs(store)
    usage = measure(store, [run.path for run in named])
    if json:
        as_json(usage.to_dict())
        return
    names = {run.path: run.name or str(run.path) for run in named}
    as_table(
        ("run", "alone MB", "own MB", "shared MB"),
        [
            (names[run.path], megabytes(run.alone), megabytes(run.own), megabytes(run.shared))
            for run in usage.runs
        ],
        whole=("run",),
    )
    say(
        f"{counted(len(usage.runs), 'run')} and {counted(usage.objects, 'object')} take "
        f"{megabytes(usage.disk_bytes):.1f} MB; with weights of their own the runs would take "
        f"{megabytes(usage.alone_bytes):.1f} MB; "
        f"{megabytes(usage.saved_bytes):.1f} MB are saved"
    )
    if usage.unneeded_bytes:
        say(f"{megabytes(usage.unneeded_bytes):.1f} MB are needed by no run: affekt store gc removes them")
