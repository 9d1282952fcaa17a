"""`affekt project`: from collected clips to a checked, versioned, pre-encoded data set."""

from __future__ import annotations

import typer

from affekt.cli.project import check, import_records, init
from affekt.cli.project.ratings.main import app as ratings_app

app = typer.Typer(
    help="The workshop: collected clips and single ratings become a checked, versioned data set.",
    no_args_is_help=True,
)
app.command(name="init")(init.command)
app.command(name="import")(import_records.command)
app.add_typer(ratings_app, name="ratings")
app.command(name="check")(check.command)
