"""`affekt methods`."""

from __future__ import annotations

from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table
from affekt.core import catalog
from affekt.core.recipe_files import own_kinds


def command(json: AsJson = False) -> None:
    """List the methods. Example: affekt methods

    A method that lists own files can be trained on yours: affekt train METHOD --data-root DIR. Networks of
    this project have "ours" in place of the year of a publication.
    """
    cards, broken = catalog.readable(catalog.list_methods(), catalog.card)
    for line in broken:
        say(line)
    own = own_kinds()
    if json:
        as_json(
            {
                name: card.model_dump(mode="json") | {"own_files": list(own.get(name, ()))}
                for name, card in cards.items()
            }
        )
        return
    rows = [
        (
            name,
            "ours" if card.of_this_project else card.paper.year,
            ", ".join(card.modalities),
            card.task,
            " or ".join(own.get(name, ())),
        )
        for name, card in cards.items()
    ]
    as_table(("method", "year", "modalities", "task", "own files"), rows)
