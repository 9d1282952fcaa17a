"""`affekt data`: the verbs that look at data and make it fast to read."""

from __future__ import annotations

import typer

from affekt.cli.data import cache, check, prepare

app = typer.Typer(help="Look at data before training on it, and make it fast to read.", no_args_is_help=True)
for module in (check, prepare, cache):
    app.command(name=module.__name__.rpartition(".")[2])(module.command)
