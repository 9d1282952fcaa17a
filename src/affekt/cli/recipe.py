"""`affekt recipe`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.fields import document_of, values_of
from affekt.cli.show import AsJson, as_json, say
from affekt.core import catalog
from affekt.core.errors import ConfigError
from affekt.core.fields.rows import FieldTable, tables_of
from affekt.core.files.toml import toml_text
from affekt.core.recipe import Recipe, merge, options_from, read_values
from affekt.core.recipe_files import recipe_file
from affekt.core.settings import validate


def command(
    recipe: Annotated[
        list[Path],
        typer.Argument(
            help="Recipe files, METHOD/NAME, or METHOD for that of your own files; later ones override "
            "earlier ones."
        ),
    ],
    change: Annotated[list[str] | None, typer.Option("--set", help="Override one value: a.b=c.")] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Every field, with its value, type, default and meaning; also TOML."),
    ] = False,
    json: AsJson = False,
) -> None:
    """Show a recipe as TOML: as it is, or with every field that it leaves at its default.

    Example: affekt recipe compact_face/fer2013 --full

    Example: affekt recipe dataset/meld-emotion.toml encoders/T.toml --set seed=1
    """
    values = read_values(recipe)
    merge(values, options_from(change or []))
    lacking = [key for key in ("method", "data") if key not in values]
    if full or json or not lacking:
        checked = Recipe.load(recipe, change or [])
        if json:
            fields = values_of(tables_of_recipe(checked))
            as_json({"recipe": checked.model_dump(mode="json"), "fields": fields})
            return
        if full:
            typer.echo(f"# {_names(recipe, change)}")
            for line in document_of(tables_of_recipe(checked), values):
                typer.echo(line)
            return
    if len(recipe) == 1 and not change:
        typer.echo(recipe_file(recipe[0]).read_text(encoding="utf-8").rstrip())
    else:
        typer.echo(f"# {_names(recipe, change)}\n{toml_text(values)}")
    if lacking:
        say(f"a part of a recipe: it states no {' and no '.join(lacking)}, which further parts give")


def tables_of_recipe(recipe: Recipe) -> list[FieldTable]:
    """All fields of a recipe with values, with those of the method's config and of the data set's options."""
    config = catalog.method(recipe.method).make_config(recipe.config)
    options, problems = validate(catalog.dataset(recipe.data.name).options, recipe.data.options)
    if options is None:
        raise ConfigError("options of the data set", problems)
    inner = {"config": config, "data.options": options}
    found: list[FieldTable] = []
    for table in tables_of(recipe):
        places = [f"{table.name}.{row.name}" if table.name else row.name for row in table.rows]
        rows = tuple(row for row, place in zip(table.rows, places, strict=True) if place not in inner)
        found.append(table._replace(rows=rows))
        for place in places:
            if place in inner:
                found += tables_of(inner[place], place)
    return found


def _names(recipe: Sequence[Path], change: Sequence[str] | None) -> str:
    return " ".join([*map(str, recipe), *(f"--set {one}" for one in change or [])])
