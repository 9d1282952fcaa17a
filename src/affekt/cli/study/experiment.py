"""`affekt experiment`."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.next_step import line, repeated
from affekt.cli.show import RUNS, AsJson, Download, RunsFolder, as_json, say
from affekt.core.errors import check_installed
from affekt.core.files.toml import read_toml
from affekt.core.wording import counted
from affekt.studies.plans.roots import Roots


def command(
    context: typer.Context,
    plan: Annotated[
        Path, typer.Argument(help="A plan as a TOML file: seeds, grid, ablations, folds, data sets.")
    ],
    data_root: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder of the data, or NAME=DIR for one of several data sets. Default: AFFEKT_DATA."
        ),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Runs at a time, each in a process with one thread.")] = 1,
    output: Annotated[
        Path | None,
        typer.Option(help="Folder of table and page. Default: studies/PLAN in the folder of runs."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check the plan and list its runs; run nothing.")
    ] = False,
    runs: RunsFolder = RUNS,
    cache: Annotated[
        Path | None,
        typer.Option(
            envvar="AFFEKT_CACHE", help="Folder of cached features. Default: cache beside the runs."
        ),
    ] = None,
    download: Download = False,
    json: AsJson = False,
) -> None:
    """Run all experiments of a plan, and write one table and one page.

    The whole plan is checked first. Runs that are finished are kept, so a study that was stopped or killed
    continues with the same command. A run that fails does not stop the others; the exit code is then 1.

    Example: affekt experiment plan.toml --data-root DIR --jobs 2
    """
    read_toml(plan)  # its other problems are listed together with those of what it names
    given = Roots.of(data_root or [])
    check_installed("lightning", extra="train", needed_by="affekt experiment")
    from affekt.cli.study.lines import ENTRY, parse
    from affekt.cli.study.progress import study_progress
    from affekt.cli.study.shown import show_tables
    from affekt.studies.outcome.write import tables_of
    from affekt.studies.search import run_search
    from affekt.studies.study import open_study, run_study

    study = open_study(
        plan,
        runs=runs,
        roots=given,
        parse=partial(parse, context.find_root()),
        entry=ENTRY,
        folder=output,
        cache=cache,
        download=download,
    )
    if check:
        members = [member.id for member in study.found.members]
        steps = [step.id for step in study.commands.steps]
        if json:
            as_json({"runs": members, "commands": steps, "metrics": list(study.metrics)})
            return
        for name in [*members, *steps]:
            say(name)
        say(f"the plan is right: {counted(len(members), 'run')}, {counted(len(steps), 'other command')}")
        return
    with study_progress() as on_change:
        run = run_search if study.plan.search else run_study
        outcome = run(study, at_once=jobs, on_change=on_change)
    failed = outcome.progress.failed
    if json:
        files = {name: str(path) for name, path in outcome.files.items()}
        as_json(
            {
                "kept": outcome.progress.kept,
                "done": len(outcome.progress.finished),
                "failed": failed,
                "files": files,
            }
        )
    else:
        show_tables([*tables_of(outcome.summary), *outcome.further])
        for note in outcome.summary.notes:
            say(note)
        say(f"Markdown: {outcome.files['Markdown']}")
        say(f"page: {outcome.files['page']}")
    for name, reason in failed.items():
        say(f"failed: {name}: {reason}")
    if failed:
        again = line(
            "affekt",
            "experiment",
            plan,
            *repeated("--data-root", data_root),
            *repeated("--jobs", jobs, default=1),
            *repeated("--output", output),
            *repeated("--runs", runs, default=RUNS),
            *repeated("--cache", cache, variable="AFFEKT_CACHE"),
            *(["--download"] if download else []),
        )
        say(f"{len(failed)} of {outcome.progress.total} failed; again with: {again}")
        raise typer.Exit(1)
