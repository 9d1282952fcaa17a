"""`affekt demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from affekt.cli.show import AsJson, as_json, errors, say
from affekt.core.errors import check_installed


def command(
    what: Annotated[
        Literal["walks", "video"], typer.Argument(help="Invented data: walks, or video clips with sound.")
    ] = "walks",
    folder: Annotated[
        Path | None,
        typer.Option(help="Folder of all results. Default: demo for walks, demo/video for video."),
    ] = None,
    json: AsJson = False,
) -> None:
    """Generate data, train, evaluate, export, predict, and write a report page.

    Example: affekt demo video
    """
    check_installed("lightning", extra="train", needed_by="affekt demo")
    from affekt.demo import run_demo, run_video_demo

    progress = errors.is_terminal and not json
    if what == "video":
        result = run_video_demo(folder or Path("demo/video"), progress=progress, say=say)
    else:
        result = run_demo(folder or Path("demo"), progress=progress, say=say)
    if json:
        as_json(result.to_dict())
        return
    say(f"open {result.report}")
