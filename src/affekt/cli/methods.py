"""`affekt methods`."""

from __future__ import annotations

from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table
from affekt.core import catalog


def command(json: AsJson = False) -> None:
    """List the methods. Example: affekt methods

    Networks of this project have "ours" in place of the year of a publication.
    """
    cards, broken = catalog.readable(catalog.list_methods(), catalog.card)
    for line in broken:
        say(line)
    if json:
        as_json({name: card.model_dump(mode="json") for name, card in cards.items()})
        return
    rows = [
        (
            name,
            "ours" if card.of_this_project else card.paper.year,
            ", ".join(card.modalities),
            card.task,
            "" if card.of_this_project else card.paper.venue,
        )
        for name, card in cards.items()
    ]
    as_table(("method", "year", "modalities", "task", "venue"), rows)
