"""`affekt project encode`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder, say_skipped
from affekt.cli.show import AsJson, as_json, progress, say
from affekt.core.wording import counted


def command(
    project: ProjectFolder,
    again: Annotated[bool, typer.Option("--again", help="Try items once more that had no result.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how large the files of vectors will be.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Encode titles, frames, faces, words and sound, as the settings `encoding` state. Results are kept.

    Example: affekt project encode news
    """
    from affekt.project.encoding.size import predicted_bytes, stored_bytes
    from affekt.project.encoding.step import encode
    from affekt.project.folder import Project

    opened = Project.open(project)
    expected = predicted_bytes(opened)
    if not json:
        say(f"vectors of all items: about {expected / 1e6:.1f} MB")
    if dry_run:
        if json:
            as_json({"predicted_bytes": expected})
        return
    with progress("encode") as show:
        ran = encode(opened, show, again=again)
    size = stored_bytes(opened)
    if json:
        as_json({"predicted_bytes": expected, "bytes": size, **asdict(ran)})
        return
    failed = f", {len(ran.failed)} without a result" if ran.failed else ""
    say(f"{counted(ran.computed, 'item')} encoded, {ran.reused} kept{failed}; {size / 1e6:.1f} MB")
    say_skipped(ran.failed)
