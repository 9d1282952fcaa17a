"""`affekt project import`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder, say_skipped
from affekt.cli.show import AsJson, as_json, progress, say
from affekt.core.errors import UsageError
from affekt.core.wording import counted


def command(
    project: ProjectFolder,
    records: Annotated[
        list[Path] | None, typer.Argument(help="Files of records: CSV, TSV, JSON lines, Parquet, SQLite.")
    ] = None,
    media: Annotated[list[Path] | None, typer.Option(help="A folder of media files; repeatable.")] = None,
    json: AsJson = False,
) -> None:
    """Import collected records, and the media that belong to them. What is there already is not added again.

    Example: affekt project import news crawled.csv --media videos
    """
    from affekt.project.folder import Project
    from affekt.project.records.media import import_media
    from affekt.project.records.upsert import import_records

    if not records and not media:
        raise UsageError("nothing to import: name files of records, or --media FOLDER")
    opened = Project.open(project)
    found = [import_records(opened, file) for file in records or ()]
    taken = []
    for folder in media or ():
        with progress("media") as show:
            taken.append(import_media(opened, folder, show))
    if json:
        as_json({"records": [asdict(it) for it in found], "media": [asdict(it) for it in taken]})
        return
    for one in found:
        say(
            f"{one.file}: {counted(one.added, 'item')} added, {one.updated} changed, {one.unchanged} "
            "unchanged"
        )
        for note in one.notes:
            say(f"note: {note}")
        say_skipped(one.skipped)
    for one in taken:
        say(f"media: {one.added} added, {one.updated} changed, {one.unchanged} unchanged")
        say_skipped(one.left_out)
    if taken and taken[-1].without_media:
        ids = taken[-1].without_media
        say(f"{counted(len(ids), 'item')} without media, such as {', '.join(ids[:3])}")
