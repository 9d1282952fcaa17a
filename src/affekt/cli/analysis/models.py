"""`affekt models`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from affekt.cli.card import facts_of_path, print_facts
from affekt.cli.show import AsJson, as_json
from affekt.cli.tables import as_table
from affekt.core.errors import UsageError
from affekt.core.settings import suggest
from affekt.starters import Starter, find_starter, list_starters

_SCORES = ("uar", "macro_f1", "accuracy", "weighted_f1", "map")  # the first that a bundle states is shown


def command(
    name: Annotated[str | None, typer.Argument(help="A starter; without it, all are listed.")] = None,
    json: AsJson = False,
) -> None:
    """List the starters, bundles that come with the package, or show one with its limits of use.

    A starter is used by its name wherever a bundle is expected, and affekt analyze takes starters by default.

    Example: affekt models

    Example: affekt models compact_face
    """
    if name is not None:
        _show(name, json)
        return
    starters = list_starters()
    if json:
        as_json({starter.name: {"path": str(starter.path), **starter.document} for starter in starters})
        return
    rows = [
        (
            starter.name,
            starter.document["modality"],
            len(starter.document["labels"]["names"]),
            starter.document["data"]["name"],
            _score(starter.document.get("metrics", {})),
            f"{starter.bytes / 2**20:.1f} MB",
        )
        for starter in starters
    ]
    as_table(("name", "modality", "classes", "trained on", "validation", "size"), rows)
    typer.echo("affekt models NAME shows labels, data, licence and limits of use.")


def _show(name: str, json: bool) -> None:
    starter = _starter(name)
    facts = facts_of_path(starter.path)
    if json:
        as_json(facts)
        return
    typer.echo(facts.pop("path"))  # on one line, to be copied
    print_facts(facts)


def _starter(name: str) -> Starter:
    if (found := find_starter(name)) is None:
        known = [starter.name for starter in list_starters()]
        raise UsageError(
            f"no starter is called {name!r}; {suggest(name, known)}; for other bundles: affekt card"
        )
    return found


def _score(metrics: dict[str, Any]) -> str:
    name = next((name for name in _SCORES if isinstance(metrics.get(name), float)), None)
    return f"{name} {metrics[name]:.3f}" if name else ""
