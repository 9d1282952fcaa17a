"""Text, tables and lists of fields as Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from affekt.core.fields.rows import FieldRow, FieldTable
from affekt.core.files.toml import toml_value

_CODE = re.compile(r"(`[^`]*`)")
_SPECIAL = re.compile(r"([\\*_<>\[\]|#$~{}^:])")


def text(plain: str) -> str:
    """Plain text as Markdown; what stands between backticks is code."""
    parts = _CODE.split(plain)
    return "".join(part if n % 2 else _SPECIAL.sub(r"\\\1", part) for n, part in enumerate(parts))


def cell(plain: str) -> str:
    """Text of a cell: on one line, and with bars that are no borders."""
    parts = _CODE.split(" ".join(plain.split()))
    return "".join(part.replace("|", r"\|") if n % 2 else text(part) for n, part in enumerate(parts))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose cells are Markdown."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def definitions(entries: Sequence[tuple[str, str]]) -> str:
    """A list of terms with their meanings."""
    return "\n".join(f"{term}\n: {meaning or '-'}\n" for term, meaning in entries)


def facts(entries: Mapping[str, str]) -> str:
    """A list of short facts with their names."""
    return "\n".join(f"- **{text(name)}**: {said}" for name, said in entries.items()) + "\n"


def fields(tables: Sequence[FieldTable], *, level: int, outermost: str) -> str:
    """Fields of settings, a section for each table.

    Args:
        level: Of the headings.
        outermost: Heading of the table without a name.
    """
    parts: list[str] = []
    for one in tables:
        name = f"`{one.name}`" if one.name else outermost
        kind = f", kind `{one.kind}`" if one.kind else ""
        if name:
            parts.append(f"{'#' * level} {name}{kind}\n")
        if one.same_as:
            parts.append(f"The fields of `{one.same_as}`{kind}.\n")
            continue
        if one.summary and one.name:
            parts.append("\n\n".join(text(line) for line in one.summary.splitlines()) + "\n")
        if one.rows:
            parts.append(definitions([(_term(row), text(row.meaning)) for row in one.rows]))
    return "\n".join(parts)


def _term(row: FieldRow) -> str:
    said = [text(row.type_with_limits)]
    if row.is_required:
        said.append("required")
    elif not row.is_table:
        said.append(f"default `{toml_value(row.default)}`" if row.default is not None else "default none")
    return f"`{row.name}` — {'; '.join(said)}"
