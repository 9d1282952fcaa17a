"""`affekt convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.early import check_weights
from affekt.cli.show import AsJson, as_json, say
from affekt.core import catalog
from affekt.core.errors import UsageError, check_installed
from affekt.core.wording import counted


def command(
    method: Annotated[str, typer.Argument(help="Method that FILE holds weights of.")],
    file: Annotated[Path, typer.Argument(help="File of the authors: .pth, .pt, .pkl, .tar or .safetensors.")],
    output: Annotated[Path | None, typer.Option(help="Folder of the result. Default: beside FILE.")] = None,
    labels: Annotated[
        str | None, typer.Option(help="Names of the classes: a label set, or names separated by commas.")
    ] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="A config field that FILE does not state: a=b.")
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="A converted part that is not in FILE, such as an encoder; repeatable."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Convert a checkpoint of the authors of a method to a checkpoint of affekt; no code in it is run.

    Example: affekt convert poster_v2 raf-db.pth --labels raf-7
    """
    from affekt.core.recipe import options_from

    values = options_from(change or [])
    catalog.method(method)
    if not file.exists():
        raise UsageError(f"{file} does not exist")
    check_weights(weights or [])
    check_installed("torch", extra="train", needed_by="affekt convert")
    from affekt.engine.weights.convert import convert

    done = convert(method, file, output, labels=labels, config=values, weights=weights or [])
    if json:
        as_json({**vars(done), "folder": str(done.folder)})
        return
    say(f"{file} is a {done.title}")
    say(
        f"{counted(done.matched, 'tensor')} converted, {counted(done.filled, 'counter')} set to zero, "
        f"{done.dropped} that the network does not use left out"
    )
    if done.unexpected:
        say(f"{counted(len(done.unexpected), 'unknown name')} ignored: {', '.join(done.unexpected[:6])}")
    say(f"{done.folder}")
    if done.part:
        say(f"next: affekt train RECIPE --weights {done.folder}")
    else:
        say(f"next: affekt predict {done.folder} INPUT, or affekt export {done.folder}")
