"""`affekt train`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from affekt.cli.early import check_data, check_weights
from affekt.cli.next_step import line, repeated, without
from affekt.cli.show import RUNS, AsJson, Download, RunsFolder, as_json, errors, say
from affekt.cli.study.repeat import train_several
from affekt.cli.tables import as_table
from affekt.core.errors import UsageError, check_installed
from affekt.studies.plans.seeds import read_folds, read_seeds

if TYPE_CHECKING:
    from affekt.core.recipe import Recipe


def command(
    recipe: Annotated[
        list[Path] | None,
        typer.Argument(
            help="METHOD for your own files; or recipe files and METHOD/NAME, of which later ones override "
            "earlier ones."
        ),
    ] = None,
    change: Annotated[list[str] | None, typer.Option("--set", help="Override one value: a.b=c.")] = None,
    data_root: Annotated[
        Path | None, typer.Option(envvar="AFFEKT_DATA", help="Folder of the data set.")
    ] = None,
    hold_out: Annotated[
        float | None,
        typer.Option(
            help="Hold out this share of the samples, by subject, as the test part if the data have none. "
            "0.2 stands for --set split.test_share=0.2."
        ),
    ] = None,
    framework: Annotated[
        str | None,
        typer.Option(
            help="What computes the network in training: pytorch or jittor (affekt doctor jittor). "
            "Stands for --set framework=NAME."
        ),
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder of weights to start from: a run, a checkpoint, or converted weights; repeatable."
        ),
    ] = None,
    teacher: Annotated[
        Path | None,
        typer.Option(help="Run or checkpoint that the network learns from, if its objective takes one."),
    ] = None,
    seeds: Annotated[
        str, typer.Option(help="Train with each of these seeds, as in 0,1,2 or 0-4; finished runs are kept.")
    ] = "",
    folds: Annotated[
        str,
        typer.Option(
            help="Cross-validation: train with each fold as the test part; all (split.folds) or a number."
        ),
    ] = "",
    jobs: Annotated[
        int, typer.Option(min=1, help="With --seeds or --folds: runs at a time, one thread each.")
    ] = 1,
    runs: RunsFolder = RUNS,
    cache: Annotated[
        Path | None,
        typer.Option(
            envvar="AFFEKT_CACHE",
            help="Folder of cached features, for train.cached_views. Default: cache beside the runs.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a stopped or killed run.")] = False,
    accept_data: Annotated[
        bool,
        typer.Option(
            "--accept-data",
            help="With --resume: continue although the data have changed. Known samples stay in their part; "
            "the run records the change.",
        ),
    ] = False,
    download: Download = False,
    json: AsJson = False,
) -> None:
    """Train a network as a recipe states, in a run folder; a method alone is trained on your own files.

    The files lie in a folder for each class, or a manifest lists them; `affekt methods` shows which method
    reads which files. Classes are those of the folder, and a test part is held out if it has none.

    SIGINT (Ctrl-C) and SIGTERM end a training with exit code 130 and 143; complete epochs are kept.

    Example: affekt train compact_face --data-root PICTURES --seeds 0,1,2

    Example: affekt train bpm_gcn/emotion_gait --set optimizer.lr=1e-3 --data-root DIR
    """
    from affekt.core.recipe import Recipe

    if not recipe:
        raise UsageError(f"name a method or a recipe: {own_calls()}; affekt recipes lists all recipes")
    changes = [
        *(change or []),
        *([f"split.test_share={hold_out}"] if hold_out is not None else []),
        *([f"framework={framework}"] if framework is not None else []),
    ]
    checked = Recipe.load(recipe, changes)
    several = _several(checked, changes, seeds, folds, jobs)
    check_installed("lightning", extra="train", needed_by="affekt train")
    check_data(checked.data.name, data_root)
    check_weights(weights or [])
    check_weights([teacher] if teacher else [], kinds=("checkpoint",))
    root = repeated("--data-root", data_root, variable="AFFEKT_DATA")
    options = [
        *repeated("--hold-out", hold_out),
        *repeated("--framework", framework),
        *root,
        *repeated("--weights", weights),
        *repeated("--teacher", teacher),
        *repeated("--seeds", seeds, default=""),
        *repeated("--folds", folds, default=""),
        *repeated("--jobs", jobs, default=1),
        *repeated("--runs", runs, default=RUNS),
        *repeated("--cache", cache, variable="AFFEKT_CACHE"),
        *(["--download"] if download else []),
    ]

    def again(sets: Sequence[str], *more: str) -> str:
        return line("affekt", "train", *recipe, *repeated("--set", [*sets]), *options, *more)

    if several:
        train_several(
            recipe,
            changes,
            seeds=several.seeds,
            folds=several.folds,
            again=again(change or []),
            jobs=jobs,
            runs=runs,
            root=root,
            json=json,
            data_root=data_root,
            weights=weights or [],
            teacher=teacher,
            cache=cache,
            download=download,
            accept_data=accept_data,
        )
        return
    from affekt.engine.loop.stopping import TrainingStopped
    from affekt.engine.train import train

    bar = errors.is_terminal and not json
    try:
        run = train(
            checked,
            data_root=data_root,
            weights=weights or [],
            teacher=teacher,
            runs=runs,
            cache=cache,
            resume=resume,
            accept_data=accept_data,
            download=download,
            progress=bar,
        )
    except TrainingStopped as stop:
        resumed = again(change or [], "--resume")
        sys.stderr.write(f"{stop.state}; {'continue' if stop.epoch else 'start again'} with: {resumed}\n")
        raise typer.Exit(stop.exit_code) from None
    result = run.result
    if result is None:  # not the first process of a distributed run, which reports
        return
    if json:
        as_json({"run": str(run.path), **result})
        return
    as_table(
        ("validation", "value"), list(result["validation"].items()), title=f"epoch {result['best_epoch']}"
    )
    part = [] if result["samples"]["test"] else ["--split", "validation"]
    say(f"recipe: {run.path / 'recipe.toml'}")
    longer = [*without(change or [], "train.epochs"), f"train.epochs={_more(checked)}"]
    say(f"with changes: {again(longer)}")
    say(f"with other seeds: {again(without(change or [], 'seed'), '--seeds', '0,1,2')}")
    say(f"a bundle: {line('affekt', 'export', run.path, *root)}")
    say(f"answers: {line('affekt', 'predict', run.path)} INPUT")
    say(f"{run.path}\nnext: {line('affekt', 'evaluate', run.path, *part, *root)}")


class Several(NamedTuple):
    """Seeds, and folds if there are any, of a recipe that is trained several times."""

    seeds: tuple[int, ...]
    folds: int | None


def own_calls() -> str:
    """How each method is trained on one's own files, in words."""
    from affekt.core.recipe_files import own_kinds

    calls = [
        f"affekt train {name} --data-root DIR ({' or '.join(kinds)})" for name, kinds in own_kinds().items()
    ]
    return ", ".join(calls)


def _several(recipe: Recipe, changes: list[str], seeds: str, folds: str, jobs: int) -> Several | None:
    """What `--seeds` and `--folds` ask for; None for a single training.

    Raises:
        UsageError: They are not seeds or folds, or a seed is also set in another way.
    """
    if not seeds and not folds:
        if jobs != 1:
            raise UsageError("--jobs runs several trainings at a time: give --seeds or --folds")
        return None
    fixed = [text for text in changes if text.partition("=")[0].strip() in ("seed", "split.fold")]
    if (seeds and "seed" in str(fixed)) or (folds and "split.fold" in str(fixed)):
        raise UsageError(f"--set {fixed[0]} does not go with --seeds and --folds, which state it")
    return Several(
        read_seeds(seeds) if seeds else (recipe.seed,),
        read_folds(folds, usual=recipe.split.folds) if folds else None,
    )


def _more(recipe: Recipe) -> int:
    """Twice the epochs, as an example of a change."""
    return 2 * recipe.train.epochs
