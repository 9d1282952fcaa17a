"""`affekt runs`."""

from __future__ import annotations

import typer

from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, say
from affekt.cli.tables import as_table
from affekt.core.errors import UsageError


def command(context: typer.Context, runs: RunsFolder = RUNS, json: AsJson = False) -> None:
    """List runs by name (method, data set, hash, seed) with their scores, the newest first.

    Other commands take the name of a run, the beginning of its name, or `latest` in place of its folder.
    Looks are evaluations on the test part. `affekt runs diff` shows how two runs differ.

    Example: affekt runs
    """
    if context.invoked_subcommand is not None:
        return
    from affekt.engine.runs.summaries import list_runs

    if not runs.is_dir():
        raise UsageError(f"{runs} does not exist: affekt train makes it; --runs DIR names another folder")
    found = list_runs(runs)
    if json:
        as_json([run.to_dict() for run in found])
        return
    readable = [run for run in found if not run.reason]
    if readable:
        as_table(
            ("run", "modalities", "state", "validation", "test", "looks", "when"),
            [
                (
                    run.name,
                    "+".join(run.modalities),
                    run.state,
                    run.validation or "",
                    run.test or "",
                    run.looks,
                    f"{run.when:%Y-%m-%d %H:%M}",
                )
                for run in readable
            ],
            whole=("run",),
        )
    for run in found:
        if run.reason:
            say(f"cannot be read: {run.path}: {run.reason}")
    if not found:
        say(f"there are no runs in {runs}")
