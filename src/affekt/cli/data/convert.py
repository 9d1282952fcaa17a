"""`affekt data convert`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table
from affekt.core import catalog
from affekt.core.errors import UsageError
from affekt.core.files.output import check_folder


def command(
    dataset: Annotated[str, typer.Argument(help="A data set, such as mmsa.")],
    file: Annotated[Path, typer.Argument(help="The file in which it is distributed, such as a pickle file.")],
    output: Annotated[Path, typer.Argument(help="Folder of the result, which must not exist yet.")],
    json: AsJson = False,
) -> None:
    """Convert the file of a data set to a folder that can be read safely; no code in it is run.

    Example: affekt data convert mmsa unaligned_39.pkl mosi
    """
    found = catalog.dataset(dataset)
    if found.convert is None:
        known, _ = catalog.readable(catalog.list_datasets(), catalog.dataset)
        others = [name for name, one in known.items() if one.convert]
        raise UsageError(
            f"{found.name} is read as it is distributed: nothing is converted; converted are "
            f"{', '.join(others)}"
        )
    check_folder(output)  # before the work
    summary = found.convert(file, output)
    if json:
        as_json({"path": str(output), **summary})
        return
    as_table(("part", "lines", *summary["widths"]), [
        (part, lines, *summary["widths"].values()) for part, lines in summary["lines"].items()
    ])  # fmt: skip
    for note in summary["notes"]:
        say(note)
    say(f"{output}")
    say(f"next: affekt data check {found.name} --data-root {output}")
