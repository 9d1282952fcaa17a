"""`affekt train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import AsJson, as_json, as_table, errors, say
from affekt.core.errors import require


def command(
    recipe: Annotated[
        list[Path], typer.Argument(help="Recipe files, or METHOD/NAME; later ones override earlier ones.")
    ],
    change: Annotated[list[str] | None, typer.Option("--set", help="Override one value: a.b=c.")] = None,
    data_root: Annotated[
        Path | None, typer.Option(envvar="AFFEKT_DATA", help="Where the data set lies.")
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="Folder the network starts from, of affekt convert or a checkpoint; repeatable."),
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder of all runs.")] = Path("runs"),
    cache: Annotated[
        Path | None,
        typer.Option(
            envvar="AFFEKT_CACHE",
            help="Folder of cached features, for train.cached_views; default: cache beside the runs.",
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a stopped or killed run.")] = False,
    json: AsJson = False,
) -> None:
    """Train what a recipe says, in a run folder.

    Example: affekt train bpm_gcn/emotion_gait --set optimizer.lr=1e-3 --data-root DIR
    """
    from affekt.core.recipe import Recipe

    checked = Recipe.load(recipe, change or [])
    require("lightning", extra="train", needed_by="affekt train")
    from affekt.engine.train import train

    bar = errors.is_terminal and not json
    run = train(
        checked,
        data_root=data_root,
        weights=weights or [],
        runs=runs,
        cache=cache,
        resume=resume,
        progress=bar,
    )
    result = run.result
    if result is None:  # a helper process of a distributed run: the first one reports
        return
    if json:
        as_json({"run": str(run.path), **result})
        return
    as_table(
        ("validation", "value"), list(result["validation"].items()), title=f"epoch {result['best_epoch']}"
    )
    say(f"{run.path}\nnext: affekt evaluate {run.path}")
