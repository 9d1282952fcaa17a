"""`affekt runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, say
from affekt.cli.tables import as_table
from affekt.core.errors import UsageError

if TYPE_CHECKING:
    from affekt.engine.runs.summaries import RunSummary

FINISHED = "finished"  # the state of a run


def command(context: typer.Context, runs: RunsFolder = RUNS, json: AsJson = False) -> None:
    """List runs by name (method, data set, hash, seed) with their scores, the newest first.

    Other commands take the name of a run, the beginning of its name, or `latest` in place of its folder. A
    name without its seed stands for all seeds and folds of a recipe: affekt evaluate and compare take it.
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
        folds = any(run.fold is not None for run in readable)
        as_table(
            (
                "run",
                *(["fold"] if folds else []),
                "modalities",
                "state",
                "validation",
                "test",
                "looks",
                "when",
            ),
            [
                (
                    run.name,
                    *(["" if run.fold is None else run.fold] if folds else []),
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
    if groups := _groups(readable):
        columns = ("recipe", "runs", "seeds", "finished", "validation", "lowest to highest")
        as_table(columns, groups, title="several runs of one recipe", whole=("recipe",))
    for run in found:
        if run.reason:
            say(f"cannot be read: {run.path}: {run.reason}")
    if not found:
        say(f"there are no runs in {runs}")


def _groups(runs: list[RunSummary]) -> list[tuple[object, ...]]:
    """A row for each recipe of several runs, the newest first."""
    groups: dict[str, list[RunSummary]] = {}
    for run in runs:
        groups.setdefault(run.group, []).append(run)
    rows: list[tuple[object, ...]] = []
    for name, members in groups.items():
        if len(members) < 2:
            continue
        done = [run.validation for run in members if run.state == FINISHED and run.validation]
        values = [score.value for score in done]
        mean = f"{done[0].metric} {sum(values) / len(values):.3f}" if values else ""
        ends = f"{min(values):.3f} to {max(values):.3f}" if values else ""
        seeds = ", ".join(map(str, sorted({run.seed for run in members})))
        rows.append((name, len(members), seeds, len(done), mean, ends))
    return rows
