"""`affekt card`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json
from affekt.cli.tables import as_table, filled
from affekt.core import catalog
from affekt.core.errors import UsageError
from affekt.core.files.sealed import MANIFEST, kind_of, read_sealed
from affekt.core.settings import closest

_LABEL = 20  # columns of the names of facts


def command(
    name: Annotated[
        str,
        typer.Argument(
            help="A method, such as bpm-gcn; the path of a bundle or a checkpoint; or a run: its folder, its "
            "name (see affekt runs) or latest."
        ),
    ],
    runs: RunsFolder = RUNS,
    json: AsJson = False,
) -> None:
    """Show the facts about a method, or what is inside a bundle or a run.

    Example: affekt card bpm-gcn

    Example: affekt card latest
    """
    path = _path_of(name, runs)
    if path is not None:
        facts = facts_of_path(path)
        if json:
            as_json(facts)
        else:
            typer.echo(facts.pop("path"))  # on one line, to be copied
            print_facts(facts)
        return
    card = catalog.card(name)
    if json:
        as_json(card.model_dump(mode="json"))
        return
    typer.echo("\n".join(filled(f"{card.title}: {card.summary}")) + "\n")
    print_facts(card.facts)
    _print_recipes(name)
    for table in card.tables:
        as_table(table.columns, table.rows, title=f"\n{table.title}")


def _path_of(name: str, runs: Path) -> Path | None:
    """The path of a bundle, a checkpoint or a run; None for a method.

    Raises:
        UsageError: It is none of them, or several runs.
    """
    from affekt.engine.runs.names import find_run, name_runs

    path = Path(name)
    if path.suffix == ".affekt" or (path / MANIFEST).is_file() or (path / "recipe.toml").is_file():
        return path
    known = catalog.list_methods()
    if catalog.canonical(name) in known:
        return None
    if path.exists() or len(path.parts) > 1:
        return find_run(path, runs)
    hint = closest(catalog.canonical(name), known)
    if hint or not name_runs(runs):
        try:
            return find_run(path, runs)
        except UsageError:
            return None  # the catalogue states that there is no such method, with the closest one
    return find_run(path, runs)


def facts_of_path(path: Path) -> dict[str, str | list[str]]:
    """What is inside a bundle, a checkpoint or a run; without empty facts."""
    from affekt.deploy.runtime.facts import facts_of
    from affekt.engine.runs.facts import facts_of_checkpoint, facts_of_run
    from affekt.engine.runs.run import Run

    if (path / "recipe.toml").is_file():
        found = facts_of_run(Run(path))
    elif (kind := kind_of(path)) in ("checkpoint", "weights"):
        found = facts_of_checkpoint(read_sealed(path, kind=kind))
    else:
        found = facts_of(path)
    return {"path": str(path), **{label: text for label, text in found.items() if text}}


def _print_recipes(name: str) -> None:
    from affekt.core.recipe_files import recipes_of

    for recipe in recipes_of(name):
        typer.echo()
        typer.echo("\n".join(filled(f"affekt train {recipe.name}: {recipe.summary}", rest="    ")))


def print_facts(facts: Mapping[str, str | Sequence[str]]) -> None:
    """Facts with their names; words such as paths are not cut."""
    label = max((len(name) for name in facts), default=0)
    for name, text in facts.items():
        lines = [text] if isinstance(text, str) else text
        for number, line in enumerate(lines):
            first = f"{name if not number else '':>{min(label, _LABEL)}}  "
            typer.echo("\n".join(filled(line, first, " " * len(first))))
