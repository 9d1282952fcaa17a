"""`affekt data check`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import AsJson, as_json, as_table, progress, say
from affekt.core.recipe import options_from
from affekt.data.open import open_dataset


def command(
    dataset: Annotated[str, typer.Argument(help="A data set, such as emotion-gait.")],
    data_root: Annotated[
        Path | None, typer.Option(envvar="AFFEKT_DATA", help="Folder of the data set.")
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option("--set", help="An option of the data set: key=value.")
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            help="Draw the class balance to this PNG, and example images to a second one (-tiles.png)."
        ),
    ] = None,
    json: AsJson = False,
) -> None:
    """Read a data set and report counts, broken items and leaks.

    Example: affekt data check emotion-gait --data-root DIR
    """
    from affekt.quality.clips import summary_of_clips
    from affekt.quality.corpus import describe, draw_balance, problems
    from affekt.quality.images import summary_of_images
    from affekt.quality.points import lines_of_points
    from affekt.report.tiles import draw_tiles

    # Problems that stop a training are reported together with all others.
    corpus = open_dataset(dataset, data_root, options_from(option or []), strict=False)
    with progress("media") as show:
        description = describe(corpus, on_item=show)
    found = problems(description)
    if figure is not None:
        draw_balance(description, figure)
        if description["images"]:
            draw_tiles(corpus.samples, corpus.labels, figure.with_name(f"{figure.stem}-tiles.png"))
    if json:
        as_json({**description, "problems": found})
        return
    splits = description["splits"]
    as_table(
        ("split", *description["classes"], "samples", "subjects"),
        [
            (name, *(part["classes"][k] for k in description["classes"]), part["samples"], part["subjects"])
            for name, part in splits.items()
        ],
    )
    if description["ratings"]:
        as_table(
            ("rating", "samples", "least", "mean", "largest"),
            [(name, *numbers.values()) for name, numbers in description["ratings"].items()],
        )
    if description["images"]:
        say(summary_of_images(description["images"]))
    if description["clips"]:
        say(summary_of_clips(description["clips"]))
    for line in lines_of_points(description["localization"]):
        say(line)
    for line in found or ["no problem was found"]:
        say(line)
