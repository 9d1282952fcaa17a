"""`affekt project`: from collected clips to a checked, versioned, pre-encoded data set."""

from __future__ import annotations

import typer

from affekt.cli.project import check, import_records, init, subtitles, tracks

app = typer.Typer(
    help="The workshop: collected clips and single ratings become a checked, versioned data set.",
    no_args_is_help=True,
)
app.command(name="init")(init.command)
app.command(name="import")(import_records.command)
app.command(name="check")(check.command)
app.command(name="tracks")(tracks.command)
app.command(name="subtitles")(subtitles.command)
