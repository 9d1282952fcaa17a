"""`affekt data`: check data sets and prepare them for training."""

from __future__ import annotations

import typer

from affekt.cli.data import cache, check, convert, invent, prepare

app = typer.Typer(help="Check data sets, and prepare them for fast training.", no_args_is_help=True)
for module in (check, prepare, convert, invent, cache):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)
