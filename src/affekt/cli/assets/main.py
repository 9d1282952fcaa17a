"""`affekt assets`: find, fetch and check pretrained parts."""

from __future__ import annotations

import typer

from affekt.cli.assets import get, licences, listing, verify

app = typer.Typer(
    help="Pretrained parts such as text encoders: where they are, fetching, checking, licences.",
    no_args_is_help=True,
)
for name, module in {"list": listing, "get": get, "verify": verify, "licences": licences}.items():
    app.command(name=name)(module.command)
