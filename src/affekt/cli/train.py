"""`affekt train`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.early import check_data, check_weights
from affekt.cli.next_step import line, repeated
from affekt.cli.show import RUNS, AsJson, Download, RunsFolder, as_json, errors, say
from affekt.cli.tables import as_table
from affekt.core.errors import check_installed


def command(
    recipe: Annotated[
        list[Path], typer.Argument(help="Recipe files, or METHOD/NAME; later ones override earlier ones.")
    ],
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
    """Train a network as a recipe states, in a run folder.

    SIGINT (Ctrl-C) and SIGTERM end a training with exit code 130 and 143; complete epochs are kept.

    Example: affekt train bpm_gcn/emotion_gait --set optimizer.lr=1e-3 --data-root DIR
    """
    from affekt.core.recipe import Recipe

    changes = [
        *(change or []),
        *([f"split.test_share={hold_out}"] if hold_out is not None else []),
        *([f"framework={framework}"] if framework is not None else []),
    ]
    checked = Recipe.load(recipe, changes)
    check_installed("lightning", extra="train", needed_by="affekt train")
    check_data(checked.data.name, data_root)
    check_weights(weights or [])
    check_weights([teacher] if teacher else [], kinds=("checkpoint",))
    from affekt.engine.loop.stopping import TrainingStopped
    from affekt.engine.train import train

    bar = errors.is_terminal and not json
    root = repeated("--data-root", data_root, variable="AFFEKT_DATA")
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
        options = [
            *repeated("--set", change),
            *repeated("--hold-out", hold_out),
            *repeated("--framework", framework),
            *root,
            *repeated("--weights", weights),
            *repeated("--teacher", teacher),
            *repeated("--runs", runs, default=RUNS),
            *repeated("--cache", cache, variable="AFFEKT_CACHE"),
            *(["--download"] if download else []),
        ]
        again = line("affekt", "train", *recipe, *options, "--resume")
        sys.stderr.write(f"{stop.state}; {'continue' if stop.epoch else 'start again'} with: {again}\n")
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
    say(f"{run.path}\nnext: {line('affekt', 'evaluate', run.path, *part, *root)}")
