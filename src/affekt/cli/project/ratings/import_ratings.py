"""`affekt project ratings import`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder, say_skipped
from affekt.cli.show import AsJson, as_json, say


def command(
    project: ProjectFolder,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="CSV, TSV, JSON lines, XLSX, ODS; exports of Label Studio (.json) and CVAT (.xml, .zip).",
            metavar="FILE...",
        ),
    ],
    rater: Annotated[str, typer.Option(help="Who rated, where a file does not state it.")] = "",
    round_number: Annotated[
        int, typer.Option("--round", min=1, help="The round of ratings for which a file states none.")
    ] = 1,
    json: AsJson = False,
) -> None:
    """Import single ratings. Each file is taken as a whole; what is there already is not added again.

    Example: affekt project ratings import news ratings.csv
    """
    from affekt.project.folder import Project
    from affekt.project.ratings.upsert import import_ratings

    opened = Project.open(project)
    found = [import_ratings(opened, file, rater=rater, round=round_number) for file in files]
    if json:
        as_json([asdict(it) for it in found])
        return
    for one in found:
        skips = f", {one.skips} skipped by raters" if one.skips else ""
        say(f"{one.file}: {one.added} ratings added, {one.unchanged} there already{skips}")
        for note in one.notes:
            say(f"note: {note}")
        say_skipped(one.left_out)
