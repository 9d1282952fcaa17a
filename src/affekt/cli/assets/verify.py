"""`affekt assets verify`."""

from __future__ import annotations

from typing import Annotated

import typer

from affekt.assets.places import copies
from affekt.assets.registry import find_asset, list_assets
from affekt.cli.show import AsJson, as_json, say


def command(
    names: Annotated[list[str] | None, typer.Argument(help="Assets; all if none is given.")] = None,
    json: AsJson = False,
) -> None:
    """Compare every byte of the assets on this computer with the registry. No connection is opened.

    Exit code 1 if a copy is damaged, or if an asset that was named is missing.

    Example: affekt assets verify minilm
    """
    rows = []
    failed = False
    for asset in [find_asset(name) for name in names] if names else list_assets():
        found = copies(asset)
        for copy in found:
            problems = copy.problems()
            failed |= bool(problems)
            state = "damaged" if problems else "intact"
            rows.append(
                {
                    "name": asset.name,
                    "place": copy.place,
                    "folder": str(copy.folder),
                    "state": state,
                    "problems": problems,
                    "next": copy.repair if problems else "",
                }
            )
        if not found:
            failed |= bool(names)
            next_step = f"affekt assets get {asset.name}"
            rows.append(
                {"name": asset.name, "place": "missing", "folder": None, "state": "missing", "problems": []}
                | {"next": next_step}
            )
    if json:
        as_json(rows)
    else:
        for row in rows:
            where = f" ({row['place']}: {row['folder']})" if row["folder"] else ""
            say(f"{row['name']}: {row['state']}{where}")
            for line in [*row["problems"], *([f"next: {row['next']}"] if row["next"] else [])]:
                say(f"  {line}")
    if failed:
        raise typer.Exit(1)
