"""`affekt project ratings`: single ratings from and for other tools."""

from __future__ import annotations

import typer

from affekt.cli.project.ratings import export, import_ratings

app = typer.Typer(help="Single ratings from and for other tools.", no_args_is_help=True)
app.command(name="import")(import_ratings.command)
app.command(name="export")(export.command)
