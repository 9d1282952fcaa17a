"""`affekt runs`, and its command `diff`."""

from __future__ import annotations

import typer

from affekt.cli.runs import diff, listing

app = typer.Typer(invoke_without_command=True)
app.callback()(listing.command)
app.command(name="diff")(diff.command)
