"""`affekt demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import AsJson, as_json, errors, say
from affekt.core.errors import require


def command(
    folder: Annotated[Path, typer.Option(help="Where everything goes.")] = Path("demo"),
    json: AsJson = False,
) -> None:
    """Invent walks, train, evaluate, export, predict, and write a page about it. Example: affekt demo"""
    require("lightning", extra="train", needed_by="affekt demo")
    from affekt.demo import run_demo

    result = run_demo(folder, progress=errors.is_terminal and not json, say=say)
    if json:
        as_json(result.to_dict())
        return
    say(f"open {result.report}")
