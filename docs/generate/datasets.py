"""The data sets: files, options, labels, licences."""

from __future__ import annotations

from collections.abc import Iterator

from affekt.core import catalog
from affekt.core.dataset import Dataset
from affekt.core.fields.rows import tables_of
from generate.markdown import cell, facts, fields, table, text

OWN = "yours"  # the licence that readers of one's own files state


def dataset_pages() -> Iterator[tuple[str, str]]:
    """Fragments: the list, and the data sets by origin."""
    found = [catalog.dataset(name) for name in catalog.list_datasets()]
    own = [one for one in found if one.licence == OWN]
    generated = [one for one in found if not one.needs_root]
    published = [one for one in found if one not in own and one not in generated]
    yield (
        "fragments/datasets.md",
        "\n".join(
            f"## {title}\n\n{_list(group)}\n" + "\n".join(_section(one) for one in group)
            for title, group in (
                ("Your own files", own),
                ("Published data sets", published),
                ("Generated data", generated),
            )
        ),
    )


def _list(group: list[Dataset]) -> str:
    rows = [[f"[`{one.name}`](#data-{_anchor(one)})", cell(one.title), cell(one.licence)] for one in group]
    return table(("data set", "title", "licence"), rows)


def _section(data: Dataset) -> str:
    title, _, rest = data.layout.partition("\n")
    known = {
        "labels": text(", ".join(data.labels.names)) if data.labels else "from the files",
        "modalities": text(", ".join(data.modalities)),
        "licence": text(data.licence),
        "cite": text(data.cite),
        "check": f"`{data.check_command}`",
    }
    tables = tables_of(data.options)
    options = fields(tables, level=4, outermost="") if any(one.rows for one in tables) else ""
    heading = f"Options of `{data.name}`: `--set KEY=VALUE`, or `data.options` of a recipe.\n\n"
    return "\n".join(
        [
            f"(data-{_anchor(data)})=\n### `{data.name}`\n",
            f"{text(title)}\n",
            _layout(rest),
            facts(known),
            heading + options if options else "",
        ]
    )


def _layout(docstring: str) -> str:
    """Paragraphs of a docstring as text; its indented ones, such as folder trees, as they are."""
    parts: list[str] = []
    tree: list[str] = []
    for paragraph in docstring.strip("\n").split("\n\n"):
        lines = paragraph.splitlines()
        if lines and all(line.startswith("    ") for line in lines):
            tree.append("\n".join(line.removeprefix("    ") for line in lines))
            continue
        if tree:
            parts.append(_as_code(tree))
            tree = []
        parts.append(_paragraph(lines))
    if tree:
        parts.append(_as_code(tree))
    return "\n\n".join(part for part in parts if part) + "\n"


def _paragraph(lines: list[str]) -> str:
    """A paragraph of text, in which lines that begin with a dash are a list."""
    return "\n".join(
        line if not line.startswith("-") else f"\n- {text(line.removeprefix('-').strip())}"
        for line in (text(one) if not one.lstrip().startswith("-") else one for one in lines)
    )


def _as_code(blocks: list[str]) -> str:
    return "```text\n" + "\n\n".join(blocks) + "\n```"


def _anchor(data: Dataset) -> str:
    return data.name.replace("_", "-")
