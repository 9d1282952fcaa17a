"""`affekt assets licences`."""

from __future__ import annotations

from affekt.assets.registry import list_assets
from affekt.cli.show import AsJson, as_json, say


def command(json: AsJson = False) -> None:
    """Show the licences of the assets, what their weights were trained on, and the terms of that data.

    Example: affekt assets licences
    """
    assets = list_assets()
    if json:
        fields = {"name", "title", "package", "version", "licence_of_package", "licence_of_weights"}
        as_json([asset.model_dump(include=fields | {"training_data", "terms"}) for asset in assets])
        return
    for asset in assets:
        say(f"{asset.name}: {asset.title} ({asset.package} {asset.version})")
        say(f"  licence: package {asset.licence_of_package}, weights {asset.licence_of_weights}")
        say(f"  trained on: {asset.training_data.strip()}")
        say(f"  terms: {asset.terms.strip()}")
