"""`affekt data cache`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.early import check_data, check_weights
from affekt.cli.show import AsJson, Download, as_json, progress, say
from affekt.core.answers.skip_reasons import skip_lines
from affekt.core.errors import check_installed


def command(
    recipe: Annotated[
        list[Path], typer.Argument(help="Recipe files, or METHOD/NAME; later ones override earlier ones.")
    ],
    change: Annotated[list[str] | None, typer.Option("--set", help="Override one value: a.b=c.")] = None,
    data_root: Annotated[
        Path | None, typer.Option(envvar="AFFEKT_DATA", help="Folder of the data set.")
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="Folder of weights that the network starts from, as for affekt train; repeatable."),
    ] = None,
    cache: Annotated[
        Path | None, typer.Option(envvar="AFFEKT_CACHE", help="Folder of cached features. Default: cache.")
    ] = None,
    download: Download = False,
    json: AsJson = False,
) -> None:
    """Compute the features of the frozen backbone of a recipe before training.

    Features that exist are kept; several processes may fill one cache.

    Example: affekt data cache recipe.toml --set train.cached_views=4 --data-root DIR --weights DIR
    """
    from affekt.core.recipe import Recipe

    checked = Recipe.load(recipe, change or [])
    check_installed("lightning", extra="train", needed_by="affekt data cache")
    check_data(checked.data.name, data_root)
    check_weights(weights or [])
    from affekt.engine.features.fill_ahead import fill_ahead

    with progress("features") as show:
        filled = fill_ahead(
            checked,
            data_root=data_root,
            weights=weights or [],
            cache=cache,
            download=download,
            on_item=show,
        )
    for line in skip_lines(filled.skipped):
        say(line)
    if json:
        as_json(
            {
                "folder": str(filled.folder),
                "computed": filled.computed,
                "reused": filled.reused,
                "skipped": list(map(str, filled.skipped)),
                "bytes": filled.bytes,
                "seconds": filled.seconds,
            }
        )
        return
    say(str(filled))
