"""`affekt project release`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder, say_skipped
from affekt.cli.show import AsJson, as_json, say
from affekt.core.wording import counted


def command(
    project: ProjectFolder,
    version: Annotated[str, typer.Argument(help="A name for the version, such as 1.0.")],
    split: Annotated[str, typer.Option(help="Of which split; the only one if not given.")] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Go on though thresholds are not met; this is recorded.")
    ] = False,
    json: AsJson = False,
) -> None:
    """Release a version: a folder with a manifest that any recipe reads as the data set `release`.

    Example: affekt project release news 1.0
    """
    from affekt.project.folder import Project
    from affekt.project.versions.release import release

    found = release(Project.open(project), version, split=split, force=force)
    if json:
        as_json({**asdict(found), "folder": str(found.folder)})
        return
    for warning in found.warnings:
        say(f"warning: {warning}")
    say_skipped(found.left_out)
    what = "released" if found.is_new else "was released before, with the same content:"
    say(f"version {found.version} {what} {counted(found.items, 'item')}, {found.sha256[:12]}, {found.folder}")
    say(f"  affekt train RECIPE --set data.name=release --data-root {found.folder}")
