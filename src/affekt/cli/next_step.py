"""Command lines that a command prints for the next step: they work as they stand in the same shell."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import typer


def line(*words: Any) -> str:
    """A command line of the shell; words that need quotes get them.

    Example:
        >>> line("affekt", "evaluate", "my runs/a")
        "affekt evaluate 'my runs/a'"
    """
    return shlex.join(str(word) for word in words)


def given(context: typer.Context, name: str, option: str) -> list[str]:
    """An option as it was given on the command line, to be repeated; nothing where the environment or a
    default gave it, which they do again.
    """
    source = context.get_parameter_source(name)
    if source is None or source.name != "COMMANDLINE":
        return []
    value: Any = context.params.get(name)
    if isinstance(value, bool) or value is None:
        return [option] if value else []
    values: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    return [word for one in values for word in (option, str(one))]
