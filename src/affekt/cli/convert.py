"""`affekt convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import AsJson, as_json, say
from affekt.core.errors import require


def command(
    method: Annotated[str, typer.Argument(help="Method that the file belongs to.")],
    file: Annotated[Path, typer.Argument(help="The authors' .pth, .pt, .pkl, .tar or .safetensors file.")],
    output: Annotated[
        Path | None, typer.Option(help="Folder of the result; beside FILE if not given.")
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="What the outputs mean: a label set, or names parted by commas.")
    ] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="A config field that FILE does not tell: a=b.")
    ] = None,
    weights: Annotated[
        list[Path] | None,
        typer.Option(help="A converted part that FILE does not bring, as an encoder; may be repeated."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Turn a checkpoint of a method's authors into one of ours; no code in the file is run.

    Example: affekt convert poster_v2 raf-db.pth --labels raf-7
    """
    from affekt.core.recipe import options_from

    values = options_from(change or [])
    require("torch", extra="train", needed_by="affekt convert")
    from affekt.engine.weights.convert import convert

    done = convert(method, file, output, labels=labels, config=values, weights=weights or [])
    if json:
        as_json({**vars(done), "folder": str(done.folder)})
        return
    say(f"{file} is a {done.title}")
    say(
        f"{done.matched} tensors taken over, {done.filled} counters started at zero, "
        f"{done.dropped} that the network has no use for dropped"
    )
    if done.unexpected:
        say(f"{len(done.unexpected)} unknown names passed over: {', '.join(done.unexpected[:6])}")
    say(f"{done.folder}")
    if done.part:
        say(f"next: affekt train RECIPE --weights {done.folder}")
    else:
        say(f"next: affekt predict {done.folder} INPUT, or affekt export {done.folder}")
