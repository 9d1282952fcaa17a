"""A page for each method: its card, recipes, inputs and config."""

from __future__ import annotations

from collections.abc import Iterator

from affekt.core import catalog
from affekt.core.card import Card, CardTable
from affekt.core.fields.rows import tables_of
from affekt.core.method import Method
from affekt.core.recipe_files import own_kinds, recipes_of
from generate.markdown import cell, definitions, facts, fields, table, text


def method_pages() -> Iterator[tuple[str, str]]:
    """The table of methods, and their pages."""
    names = catalog.list_methods()
    own = own_kinds()
    rows = [
        [
            f"[{text(card.title)}](/generated/methods/{name}.md)",
            f"`{name}`",
            cell(card.task),
            cell(" or ".join(own.get(name, ())) or "-"),
        ]
        for name, card in ((name, catalog.card(name)) for name in names)
    ]
    yield "fragments/methods.md", table(("method", "name", "task", "own files"), rows)
    for name in names:
        yield f"methods/{name}.md", _page(catalog.method(name), catalog.card(name))


def _page(method: Method, card: Card) -> str:
    recipes = [(f"`affekt train {one.name}`", text(one.summary)) for one in recipes_of(method.name)]
    parts = [
        f"# {text(card.title)}\n",
        f"{text(card.summary)}\n",
        f"In the terminal: `affekt card {method.name}`.\n",
        facts({name: text(fact) for name, fact in card.facts.items()}),
        f"## Recipes\n\n{definitions(recipes)}" if recipes else "",
        *(f"## {one.title}\n\n{_table(one)}" for one in card.tables if one.rows),
        "## Inputs\n",
        "What preprocessing makes of a sample with the default config; the axis of the batch is not shown.\n",
        _inputs(method),
        "## Config\n",
        f"Fields of the table `config` of a recipe. `affekt recipe {method.name}/NAME --full` shows them "
        "with the values of a recipe.\n",
        fields(tables_of(method.load("config")), level=3, outermost="Top level"),
    ]
    return "\n".join(parts)


def _inputs(method: Method) -> str:
    spec = method.make_preprocess(method.make_config()).spec
    rows = []
    for one in spec.inputs:
        sizes = " x ".join("any" if size is None else str(size) for size in one.shape) or "one number"
        axes = " ".join(one.axes.split()[1:])
        rows.append(
            [f"`{one.name}`", f"{one.dtype}, {sizes}" + (f" ({axes})" if axes else ""), cell(one.meaning)]
        )
    return table(("input", "type and size", "meaning"), rows)


def _table(given: CardTable) -> str:
    """A table of a card, without columns that are empty throughout."""
    used = [n for n in range(len(given.columns)) if any(row[n] not in ("", "-") for row in given.rows)]
    columns = [given.columns[n] for n in used]
    return table(columns, [[cell(row[n]) for n in used] for row in given.rows])
