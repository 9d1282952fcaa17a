"""`affekt data invent`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table
from affekt.core import catalog
from affekt.core.errors import ConfigError, UsageError
from affekt.core.files.output import check_folder
from affekt.core.recipe import options_from
from affekt.core.settings import validate


def command(
    dataset: Annotated[str, typer.Argument(help="An invented data set, such as spoken_scenes.")],
    output: Annotated[Path, typer.Argument(help="Folder of the files, which must not exist yet.")],
    option: Annotated[
        list[str] | None, typer.Option("--set", help="An option of the data set: key=value.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Write an invented data set as files, in the layout of a real one, to try a pipeline on them.

    Example: affekt data invent spoken_scenes scenes --set lines=60
    """
    found = catalog.dataset(dataset)
    if found.write is None:
        known, _ = catalog.readable(catalog.list_datasets(), catalog.dataset)
        others = [name for name, one in known.items() if one.write]
        raise UsageError(f"{found.name} is not written as files; written are {', '.join(others)}")
    options, problems = validate(found.options, options_from(option or []), prefix="--set ")
    if options is None:
        raise ConfigError(f"data set {found.name}", problems)
    check_folder(output)  # before the work
    summary = found.write(output, options)
    if json:
        as_json({"path": str(output), **summary})
        return
    as_table(("part", "lines"), list(summary["lines"].items()))
    say(f"{output}")
