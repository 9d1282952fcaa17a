"""`affekt project init`."""

from __future__ import annotations

from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import say


def command(
    project: ProjectFolder,
    labels: Annotated[str, typer.Option(help="The label set by its name.")] = "plutchik-wheel-8",
    title: Annotated[str, typer.Option(help="What is collected; the folder's name by default.")] = "",
) -> None:
    """Make a project in a new folder.

    Example: affekt project init news --labels plutchik-wheel-8
    """
    from affekt.project.folder import Project
    from affekt.project.settings.project import FILE

    Project.init(project, labels=labels, title=title)
    say(f"made {project / FILE}: state the columns of your records there, then")
    say(f"  affekt project import {project} RECORDS.csv --media FOLDER")
