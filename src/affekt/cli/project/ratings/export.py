"""`affekt project ratings export`."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import AsJson, as_json, say
from affekt.core.wording import counted


class To(StrEnum):
    """What the files are for."""

    LABEL_STUDIO = "label-studio"
    CVAT = "cvat"
    CSV = "csv"
    RATINGS = "ratings"


def command(
    project: ProjectFolder,
    to: Annotated[
        To,
        typer.Option(
            help="Tasks of Label Studio; labels and files for CVAT; a sheet to fill in; or all ratings."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write into.")] = Path("ratings"),
    rater: Annotated[list[str] | None, typer.Option(help="A column of the sheet; repeatable.")] = None,
    fewer_than: Annotated[
        int | None, typer.Option(min=1, help="Only items with fewer raters than this.")
    ] = None,
    prefix: Annotated[
        str, typer.Option(help="What tasks of Label Studio put before the paths of media.")
    ] = "/data/local-files/?d=",
    json: AsJson = False,
) -> None:
    """Write items to rate in another tool, or all ratings; `ratings import` reads back what it gives.

    Example: affekt project ratings export news --to label-studio --out tasks
    """
    from affekt.project.folder import Project
    from affekt.project.ratings.exports.write import export_ratings

    found = export_ratings(
        Project.open(project), to.value, out, raters=rater or (), fewer_than=fewer_than, prefix=prefix
    )
    if json:
        as_json({**asdict(found), "files": [str(file) for file in found.files]})
        return
    for file in found.files:
        say(f"wrote {file}")
    say(f"{found.items} {'ratings' if to is To.RATINGS else 'items'}")
    if found.without_media:
        ids = ", ".join(found.without_media[:3])
        number = len(found.without_media)
        say(f"left out: {counted(number, 'item')} without a medium that {to.value} shows, such as {ids}")
