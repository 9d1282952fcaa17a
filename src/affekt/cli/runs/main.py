"""`affekt runs`, and its command `diff`."""

from __future__ import annotations

import typer
from typer.core import TyperGroup

from affekt.cli.runs import diff, listing


class RunsGroup(TyperGroup):
    """Lists runs where no command is named."""

    context_class = typer.Context  # what `listing.command` states; typer itself passes a base class of it


app = typer.Typer(cls=RunsGroup, invoke_without_command=True)
app.callback()(listing.command)
app.command(name="diff")(diff.command)
