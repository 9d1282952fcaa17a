"""`affekt project run`."""

from __future__ import annotations

from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import progress, say


def command(
    project: ProjectFolder,
    force: Annotated[
        bool, typer.Option("--force", help="Release though thresholds are not met; this is recorded.")
    ] = False,
) -> None:
    """Do everything that project.toml asks for: import, check, encode, split, release, baseline.

    What is done is not done again; it may be stopped and started again at any moment.

    Example: affekt project run news
    """
    from affekt.project.chain.run import run_chain
    from affekt.project.folder import Project

    for line in run_chain(Project.open(project), progress, force=force):
        say(line)
