"""`affekt project split`."""

from __future__ import annotations

from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import AsJson, as_json, say


def command(
    project: ProjectFolder,
    name: Annotated[str, typer.Option(help="A name for the split, which is never changed.")] = "default",
    json: AsJson = False,
) -> None:
    """Split the labelled items into training, validation and test; the split is frozen.

    Example: affekt project split news
    """
    from affekt.project.folder import Project
    from affekt.project.versions.split import make_split

    found = make_split(Project.open(project), name)
    if json:
        as_json({"name": found.name, "sha256": found.sha256, "items": found.counts()})
        return
    counts = ", ".join(f"{count} {part}" for part, count in found.counts().items())
    say(f"split {found.name} ({found.sha256[:12]}): {counts}; written to splits/{found.name}.csv")
