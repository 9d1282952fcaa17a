"""`affekt project`: from collected clips to a checked, versioned, pre-encoded data set."""

from __future__ import annotations

import typer

from affekt.cli.project import (
    agreement,
    baseline,
    check,
    diff,
    encode,
    import_records,
    init,
    rate,
    release,
    run,
    split,
    status,
    subtitles,
    tracks,
)
from affekt.cli.project.ratings.main import app as ratings_app

app = typer.Typer(
    help="The workshop: collected clips and single ratings become a checked, versioned data set.",
    no_args_is_help=True,
)
app.command(name="init")(init.command)
app.command(name="import")(import_records.command)
for module in (
    run,
    status,
    check,
    tracks,
    subtitles,
    encode,
    rate,
    agreement,
    split,
    release,
    diff,
    baseline,
):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)
app.add_typer(ratings_app, name="ratings")
