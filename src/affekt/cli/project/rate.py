"""`affekt project rate`."""

from __future__ import annotations

from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import say
from affekt.core.wording import counted


def command(
    project: ProjectFolder,
    rater: Annotated[str, typer.Option(help="Who rates; the same name each time.")],
    round_number: Annotated[
        int, typer.Option("--round", min=1, help="Rate items once more in round 2, ...")
    ] = 1,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on this machine; 0 for a free one.")] = 0,
    browser: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Rate items with the keyboard, on a page that only this machine can open. Ctrl-C ends it.

    Several people rate at once, each with a command of their own. Every answer is saved at once.

    Example: affekt project rate news --rater anna
    """
    import webbrowser

    from affekt.project.folder import Project
    from affekt.project.ratings.page.serve import serve

    def on_ready(address: str) -> None:
        say(f"{rater} rates at {address}")
        say("keys: 1, 2, ... label; S skip; U undo; R replay; space play; Ctrl-C here ends")
        if browser:
            webbrowser.open(address)

    progress = serve(Project.open(project), rater, round=round_number, port=port, on_ready=on_ready)
    skipped = f", {progress.skipped} skipped" if progress.skipped else ""
    say(f"{rater}: {progress.rated} of {counted(progress.items, 'item')} rated{skipped}")
