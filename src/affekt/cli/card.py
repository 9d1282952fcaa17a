"""`affekt card`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from affekt.cli.show import AsJson, as_json, as_table
from affekt.core import catalog
from affekt.core.files.sealed import MANIFEST
from affekt.deploy.runtime.facts import facts_of


def command(
    name: Annotated[str, typer.Argument(help="A method, such as bpm-gcn, or the path of a bundle.")],
    json: AsJson = False,
) -> None:
    """Show the facts about a method, or those that a bundle states. Example: affekt card bpm-gcn"""
    if _is_path(name):
        facts = facts_of(Path(name))
        if json:
            as_json(facts)
            return
        for label, text in facts.items():
            Console(highlight=False).print(f"{label:>20}  {text}", markup=False)
        return
    card = catalog.card(name)
    if json:
        as_json(card.model_dump(mode="json"))
        return
    console = Console(highlight=False)
    paper = card.paper
    console.print(f"{card.title}: {card.summary}\n", markup=False)
    for label, text in (
        ("paper", f"{paper.authors}. {paper.title}. {paper.venue}, {paper.year}."),
        ("task", card.task),
        ("reference", card.reference),
        ("parity", card.parity),
        ("licence", card.licence),
        ("for", card.intended_use),
        ("limits", card.limits),
    ):
        console.print(f"{label:>10}  {text}", markup=False)
    console.print()
    as_table(
        ("data", "metric", "paper", "ours", "note"),
        [(r.data, r.metric, r.paper or "-", r.ours or "-", r.note) for r in card.results],
        title="Results",
    )
    console.print()
    recipes = sorted((catalog.method(name).folder / "recipes").glob("*.toml"))
    for file in recipes:
        expected = file.read_text("utf-8").partition("\n")[0].removeprefix("# ")
        console.print(f"affekt train {catalog.canonical(name)}/{file.stem}: {expected}", markup=False)
    console.print()
    as_table(
        ("quirk of the reference", "here", "config", "effect"),
        [(q.what, q.here, q.config, q.effect) for q in card.quirks],
        title="Quirks",
    )


def _is_path(name: str) -> bool:
    """Whether a name is that of a bundle: methods are never called like one."""
    path = Path(name)
    return path.suffix == ".affekt" or (path / MANIFEST).is_file()
