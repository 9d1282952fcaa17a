"""`affekt datasets`."""

from __future__ import annotations

from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table
from affekt.core import catalog


def command(json: AsJson = False) -> None:
    """List the data sets. Example: affekt datasets"""
    found, broken = catalog.readable(catalog.list_datasets(), catalog.dataset)
    for line in broken:
        say(line)
    rows = [
        {
            "name": data.name,
            "title": data.title,
            "modalities": list(data.modalities),
            "labels": list(data.labels.names) if data.labels else [],
            "licence": data.licence,
            "cite": data.cite,
        }
        for data in found.values()
    ]
    if json:
        as_json(rows)
        return
    as_table(
        ("data set", "title", "labels", "licence"),
        [
            (row["name"], row["title"], ", ".join(row["labels"]) or "from the files", row["licence"])
            for row in rows
        ],
    )
