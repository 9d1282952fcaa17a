"""Command lines of a plan, read without running them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from affekt.core.errors import UsageError
from affekt.core.settings import suggest
from affekt.studies.plans.commands import Parsed

ENTRY = "affekt.cli.main:run"


def parse(root: Any, words: Sequence[str]) -> Parsed:
    """The command and the options of a line, without `affekt`.

    Args:
        root: The context of all commands.

    Raises:
        UsageError: There is no such command or option, or a value is not valid.
    """
    group: Any = root.command
    verb, rest = (words[0], list(words[1:])) if words else ("", [])
    while True:
        command = group.get_command(root, verb)
        if command is None:
            raise UsageError(f"no command is called {verb!r}; {suggest(verb, group.list_commands(root))}")
        if not hasattr(command, "get_command") or not rest or rest[0] not in command.list_commands(root):
            break
        group, verb, rest = command, rest[0], rest[1:]
    try:
        context = command.make_context(verb, rest)
    except typer.Exit:
        raise UsageError(f"{verb} with these options prints and ends: it does nothing in a plan") from None
    except Exception as error:
        if not hasattr(error, "format_message"):  # only what reads command lines has it
            raise
        raise UsageError(f"{verb}: {error.format_message()}") from None  # type: ignore[attr-defined]
    sources = {name: context.get_parameter_source(name) for name in context.params}
    given = [name for name, source in sources.items() if source is not None and source.name == "COMMANDLINE"]
    return Parsed(verb, dict(context.params), frozenset(given))
