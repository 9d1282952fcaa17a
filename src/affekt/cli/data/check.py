"""`affekt data check`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from affekt.cli.early import check_data
from affekt.cli.show import AsJson, as_json, progress, say
from affekt.cli.tables import as_table
from affekt.core.errors import UsageError, check_installed
from affekt.core.recipe import options_from
from affekt.data.open import open_dataset

if TYPE_CHECKING:
    from affekt.quality.text.tokens import TokenCounter

MANY_CLASSES = 12  # above which classes are rows of the table


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
            help="Draw the class balance to this PNG, and example images (-tiles.png) or lengths of lines "
            "(-text.png) to a second one."
        ),
    ] = None,
    tokenizer: Annotated[
        Path | None,
        typer.Option(help="Count tokens: a tokenizer.json, or the folder of an encoder with one."),
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="Count tokens with the tokenizer of an asset, such as minilm.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Read a data set and report counts, broken items and leaks.

    Example: affekt data check emotion-gait --data-root DIR
    """
    check_data(dataset, data_root)
    if figure is not None:
        check_installed("matplotlib", extra="train", needed_by="--figure")
        from affekt.report.save import check_figure

        check_figure(figure)
    counter = _counter(tokenizer, encoder)
    from affekt.quality.clips import summary_of_clips
    from affekt.quality.corpus import describe, problems
    from affekt.quality.images import summary_of_images
    from affekt.quality.points import lines_of_points
    from affekt.quality.text.describe import lines_of_text, text_table

    # Problems that stop a training are reported together with all others.
    corpus = open_dataset(dataset, data_root, options_from(option or []), strict=False)
    with progress("media") as show:
        description = describe(corpus, on_item=show, tokens=counter)
    found = problems(description)
    if figure is not None:
        from affekt.quality.balance import draw_balance
        from affekt.quality.text.figure import draw_text
        from affekt.report.tiles import draw_tiles

        draw_balance(description, figure)
        if description["images"]:
            draw_tiles(corpus.samples, corpus.labels, figure.with_name(f"{figure.stem}-tiles.png"))
        if description["text"]:
            draw_text(description["text"], figure.with_name(f"{figure.stem}-text.png"))
    if json:
        as_json({**description, "problems": found})
        return
    as_table(*_balance_table(description))
    if description["ratings"]:
        as_table(
            ("rating", "samples", "least", "mean", "largest"),
            [(name, *numbers.values()) for name, numbers in description["ratings"].items()],
        )
    if description["images"]:
        say(summary_of_images(description["images"]))
    if description["clips"]:
        say(summary_of_clips(description["clips"]))
    if description["text"]:
        as_table(*text_table(description["text"]))
    for line in (*lines_of_points(description["localization"]), *lines_of_text(description["text"])):
        say(line)
    for line in description["notes"]:
        say(line)
    for line in found or ["no problem was found"]:
        say(line)


def _balance_table(description: Mapping[str, Any]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Counts of classes by split; of many classes, a row each, since a terminal has no room for columns."""
    classes, splits = description["classes"], description["splits"]
    totals = ("samples", "subjects")
    if len(classes) <= MANY_CLASSES:
        rows = [
            (name, *(part["classes"][k] for k in classes), *(part[k] for k in totals))
            for name, part in splits.items()
        ]
        return ("split", *classes, *totals), rows
    rows = [(name, *(part["classes"][name] for part in splits.values())) for name in classes]
    return ("class", *splits), [
        *rows,
        *((name, *(part[name] for part in splits.values())) for name in totals),
    ]


def _counter(tokenizer: Path | None, encoder: str | None) -> TokenCounter | None:
    """What counts tokens; None if neither option is given.

    Raises:
        UsageError: Both are given, there is no such file or asset, or the asset has no such file.
    """
    from affekt.assets.places import asset_file
    from affekt.quality.text.tokens import TOKENIZER, TokenCounter

    if tokenizer is not None and encoder is not None:
        raise UsageError("--tokenizer and --encoder name two tokenizers: give one of them")
    if encoder is None:
        return TokenCounter(tokenizer) if tokenizer is not None else None
    return TokenCounter(asset_file(encoder, TOKENIZER), name=encoder)
