"""`affekt recipes`."""

from __future__ import annotations

from typing import Annotated

import typer

from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table
from affekt.core import catalog
from affekt.core.errors import UsageError


def command(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words that the name or the description contains.")
    ] = None,
    json: AsJson = False,
) -> None:
    """List the recipes that come with affekt, and the parts from which one is composed.

    Example: affekt recipes meld
    """
    from affekt.core.recipe_files import list_recipes

    for line in catalog.readable(catalog.list_methods(), catalog.method_folder)[1]:
        say(line)
    found = [
        one
        for one in list_recipes()
        if all(word.lower() in f"{one.name} {one.summary}".lower() for word in words or [])
    ]
    if not found:
        raise UsageError(f"no recipe fits {' '.join(words or [])}; affekt recipes lists all")
    if json:
        rows = [{"name": one.name, "summary": one.summary, "whole": one.is_whole} for one in found]
        as_json({"recipes": rows})
        return
    as_table(
        ("recipe", "", "description"),
        [(one.name, "whole" if one.is_whole else "part", one.summary) for one in found],
    )
