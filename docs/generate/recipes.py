"""Fields of recipes and plans, and the recipes that come with affekt."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from affekt.core.fields.rows import tables_of
from affekt.core.recipe import Recipe
from affekt.core.recipe_files import list_recipes
from affekt.project.settings.project import ProjectSettings
from affekt.studies.plans import plan
from generate.markdown import cell, fields, table, text


def recipe_pages() -> Iterator[tuple[str, str]]:
    """Fragments that pages include."""
    yield "fragments/recipe.md", fields(tables_of(Recipe), level=3, outermost="Top level")
    yield "fragments/project.md", fields(tables_of(ProjectSettings), level=2, outermost="Top level")
    example = inspect.cleandoc(plan.__doc__ or "").split("\n\n", 1)[1]
    lines = example.splitlines()
    end = max(n for n, line in enumerate(lines) if line.startswith("    ")) + 1
    shown = "\n".join(line.removeprefix("    ") for line in lines[:end])
    rest = text(" ".join(lines[end:]).strip())
    tables = fields(tables_of(plan.Plan), level=3, outermost="Top level")
    yield "fragments/plan.md", f"```toml\n{shown}\n```\n\n{rest}\n\n## Fields\n\n{tables}"
    found = list_recipes()
    rows = [[f"`{one.name}`", cell(one.summary)] for one in found if one.is_whole]
    parts = [[f"`{one.name}`", cell(one.summary)] for one in found if not one.is_whole]
    yield (
        "fragments/recipes.md",
        f"### Recipes of methods\n\n{table(('recipe', 'what it is'), rows)}\n"
        f"### Parts\n\n{table(('part', 'what it is'), parts)}",
    )
