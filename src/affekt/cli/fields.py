"""Fields of settings on the terminal: as text with meanings, and as TOML with a comment for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from affekt.cli.tables import filled
from affekt.core.fields.rows import REQUIRED, FieldRow, FieldTable
from affekt.core.files.toml import toml_key, toml_value
from affekt.core.settings import dotted


def default_of(row: FieldRow) -> str:
    """The default of a field in words, such as `default 0.001`."""
    if row.is_required:
        return REQUIRED
    return "default none" if row.default is None else f"default {toml_value(row.default)}"


def lines_of(tables: Sequence[FieldTable]) -> Iterator[str]:
    """Fields with their types, defaults and meanings, as lines that fit the terminal."""
    for table in tables:
        for row in table.rows:
            name = f"{table.name}.{row.name}" if table.name else row.name
            facts = row.type_with_limits if row.is_table else f"{row.type_with_limits}; {default_of(row)}"
            yield from filled(f"{name}: {facts}", "  ", "    ")
            yield from filled(row.meaning, "      ", "      ")


def values_of(tables: Sequence[FieldTable]) -> list[dict[str, Any]]:
    """Fields as JSON values, by dotted names."""
    return [
        {
            "name": f"{table.name}.{row.name}" if table.name else row.name,
            "type": row.type_with_limits,
            "default": row.default,
            "required": row.is_required,
            "value": row.value,
            "set": row.is_set,
            "meaning": row.meaning,
        }
        for table in tables
        for row in table.rows
        if not row.is_table
    ]


def document_of(tables: Sequence[FieldTable], given: Mapping[str, Any]) -> Iterator[str]:
    """A model with values as lines of TOML: every field with its meaning, type and default.

    Fields that differ from their default end with `# set`. A field without a value is a comment.

    Args:
        tables: With values (`tables_of` of an instance).
        given: What the document was made from. A field that was turned off by a word, such as `gaps = false`,
            is written with that word.
    """
    words = dotted(given)
    for table in tables:
        if table.name:
            yield ""
            yield from filled(table.summary.partition("\n")[0], "# ", "# ")
            yield f"[{table.name}]"
        for row in table.rows:
            if row.is_table:
                continue
            name = f"{table.name}.{row.name}" if table.name else row.name
            yield from filled(f"{row.meaning} ({row.type_with_limits}; {default_of(row)})", "# ", "# ")
            value = words.get(name) if row.value is None else row.value
            if value is None:
                yield f"# {row.name} is not set"
            else:
                yield f"{toml_key(row.name)} = {toml_value(value)}{'  # set' if row.is_set else ''}"
