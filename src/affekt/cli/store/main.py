"""`affekt store`: sizes, checks and cleaning of the store of weights."""

from __future__ import annotations

import typer

from affekt.cli.store import detach, du, gc, verify

app = typer.Typer(
    help="The weights of all runs, each part kept once: sizes, checks, cleaning.", no_args_is_help=True
)
for module in (du, verify, gc, detach):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)
