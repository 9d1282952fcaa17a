"""`affekt train` with several seeds or folds."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from affekt.cli.next_step import line, repeated
from affekt.cli.show import RUNS, as_json, say
from affekt.cli.tables import as_table
from affekt.core.wording import counted

if TYPE_CHECKING:
    from affekt.studies.repeat import Repeated


def train_several(
    recipe: Sequence[Path],
    changes: Sequence[str],
    *,
    seeds: Sequence[int],
    folds: int | None,
    again: str,
    jobs: int,
    runs: Path,
    root: Sequence[str],
    json: bool,
    **options: Any,
) -> None:
    """Train a recipe with each seed, on each fold; finished runs are kept.

    Args:
        again: The command line that continues.
        root: Words that state where the data lie.
        options: As `affekt.studies.repeat.open_repeated` takes them.
    """
    from affekt.cli.study.progress import study_progress
    from affekt.engine.runs.names import group_of
    from affekt.studies.repeat import describe_study, open_repeated, run_repeated

    study = open_repeated(recipe, changes, seeds=seeds, folds=folds, runs=runs, **options)
    for text in describe_study(study):
        say(text)
    say(f"training {counted(len(study.found.members), 'run')}; logs: {study.folder / 'logs'}")
    try:
        with study_progress() as on_change:
            done = run_repeated(study, at_once=jobs, on_change=on_change)
    except (KeyboardInterrupt, SystemExit):
        sys.stderr.write(f"stopped; finished runs and epochs are kept; continue with: {again}\n")
        raise
    group = group_of(done.runs[0][1].path, runs) if done.runs else ""
    failed = done.progress.failed
    if json:
        as_json(_document(done, group))
    elif done.runs:
        _show(done)
    for name, reason in failed.items():
        say(f"failed: {name}: {reason}")
    if failed:
        say(f"{len(failed)} of {counted(done.progress.total, 'run')} failed; again with: {again}")
        raise typer.Exit(1)
    if json:
        return
    folder = repeated("--runs", runs, default=RUNS)
    part = [] if done.tested else ["--split", "validation"]
    say(f"{group} stands for all of these runs")
    say(f"next: {line('affekt', 'evaluate', group, *part, *root, *folder)}")
    compared = line("affekt", "compare", group, "OTHER", *part, *root, *folder)
    say(f"or compare them with those of another recipe: {compared}")


def _show(done: Repeated) -> None:
    from affekt.studies.outcome.summary import LEAST_SEEDS

    rows = []
    for name, score in done.scores.items():
        low, high = score.seed_range or (None, None)
        ends = score.over_seeds
        rows.append(
            (
                name,
                score.mean,
                f"{low:.3f} to {high:.3f}" if low is not None else "",
                f"{ends[0]:.3f} to {ends[1]:.3f}" if ends else "",
            )
        )
    values = len(next(iter(done.scores.values())).values)
    as_table(
        ("validation", "mean", "lowest to highest", "95 % over seeds"),
        rows,
        title=f"validation, {counted(values, done.over)}",
    )
    if 1 < values < LEAST_SEEDS:
        say(f"an interval takes {counted(LEAST_SEEDS, done.over)} or more")
    selection = done.runs[0][0].recipe.selection
    as_table(
        ("run", "seed", "fold", "epoch", selection.metric),
        [
            (
                run.path,
                member.seed,
                "" if member.fold is None else member.fold,
                (run.result or {})["best_epoch"],
                (run.result or {})["validation"].get(selection.metric),
            )
            for member, run in done.runs
        ],
        whole=("run",),
    )
    if not selection.last_epoch:
        say("validation samples select the epoch: these scores are higher than those of new samples")


def _document(done: Repeated, group: str) -> dict[str, Any]:
    return {
        "group": group,
        "runs": [
            {"run": str(run.path), "seed": member.seed, "fold": member.fold, **(run.result or {})}
            for member, run in done.runs
        ],
        "over": done.over,
        "validation": {
            name: {
                "values": {str(place): value for place, value in score.values.items()},
                "mean": score.mean,
                "range": score.seed_range,
                "over_seeds": score.over_seeds,
            }
            for name, score in done.scores.items()
        },
        "kept": done.progress.kept,
        "failed": done.progress.failed,
    }
