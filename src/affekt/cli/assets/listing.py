"""`affekt assets list`."""

from __future__ import annotations

from affekt.assets.places import cache_folder, copies
from affekt.assets.registry import list_assets
from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table


def command(json: AsJson = False) -> None:
    """List the assets, and where each is: in the cache, in an installed package, or missing.

    Sizes are compared, hashes are not: see affekt assets verify. No connection is opened.

    Example: affekt assets list
    """
    rows = []
    for asset in list_assets():
        found = copies(asset)
        damaged = bool(found and found[0].problems(hashes=False))
        rows.append(
            {
                "name": asset.name,
                "title": asset.title,
                "purpose": asset.purpose,
                "languages": list(asset.languages),
                "package": asset.package,
                "version": asset.version,
                "extras": list(asset.extras),
                "bytes": asset.bytes,
                "place": found[0].place if found else "missing",
                "folder": str(found[0].folder) if found else None,
                "damaged": damaged,
            }
        )
    if json:
        as_json(rows)
        return
    as_table(
        ("asset", "title", "MB", "package", "place", "folder"),
        [
            (
                row["name"],
                row["title"],
                f"{row['bytes'] / 1e6:.1f}",
                f"{row['package']} {row['version']}",
                f"{row['place']}, damaged" if row["damaged"] else row["place"],
                row["folder"] or "-",
            )
            for row in rows
        ],
        whole=("folder",),
    )
    say(f"cache: {cache_folder()} (AFFEKT_ASSETS)")
