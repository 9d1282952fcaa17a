"""`affekt datasets`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from affekt.cli.fields import lines_of, values_of
from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table, filled
from affekt.core import catalog
from affekt.core.dataset import Dataset
from affekt.core.fields.rows import tables_of


def command(
    name: Annotated[str | None, typer.Argument(help="A data set, such as images; all without one.")] = None,
    json: AsJson = False,
) -> None:
    """List the data sets, or show one: its files, options, labels, licence, and how to check it.

    Example: affekt datasets

    Example: affekt datasets images
    """
    if name is not None:
        _show(catalog.dataset(name), json)
        return
    found, broken = catalog.readable(catalog.list_datasets(), catalog.dataset)
    for line in broken:
        say(line)
    if json:
        as_json([_facts(data) for data in found.values()])
        return
    as_table(
        ("data set", "title", "labels", "licence"),
        [(data.name, data.title, _labels(data), data.licence) for data in found.values()],
    )


def _show(data: Dataset, json: bool) -> None:
    tables = tables_of(data.options)
    if json:
        facts = {"layout": data.layout, "options": values_of(tables), "check": data.check_command}
        as_json(_facts(data) | facts)
        return
    typer.echo(data.layout)
    facts = {"labels": _labels(data), "licence": data.licence, "cite": data.cite}
    typer.echo()
    for label, text in facts.items():
        typer.echo("\n".join(filled(text, f"{label:>8}  ", " " * 10)))
    typer.echo(f"{'check':>8}  {data.check_command}")
    lines = list(lines_of(tables))
    typer.echo(
        "\nIt has no options." if not lines else "\nOptions (--set KEY=VALUE, or data.options of a recipe):"
    )
    for line in lines:
        typer.echo(line)


def _facts(data: Dataset) -> dict[str, Any]:
    return {
        "name": data.name,
        "title": data.title,
        "modalities": list(data.modalities),
        "labels": list(data.labels.names) if data.labels else [],
        "licence": data.licence,
        "cite": data.cite,
    }


def _labels(data: Dataset) -> str:
    return ", ".join(data.labels.names) if data.labels else "from the files"
