"""Command lines of a plan, read without running them."""

from __future__ import annotations

from collections.abc import Sequence

import click
from click.core import ParameterSource

from affekt.core.errors import UsageError
from affekt.core.settings import suggest
from affekt.studies.plans.commands import Parsed

ENTRY = "affekt.cli.main:run"


def parse(group: click.Group, words: Sequence[str]) -> Parsed:
    """The command and the options of a line, without `affekt`.

    Args:
        group: All commands.

    Raises:
        UsageError: There is no such command or option, or a value is not valid.
    """
    verb, rest = (words[0], list(words[1:])) if words else ("", [])
    while True:
        context = click.Context(group)
        command = group.get_command(context, verb)
        if command is None:
            raise UsageError(f"no command is called {verb!r}; {suggest(verb, group.list_commands(context))}")
        if not isinstance(command, click.Group) or not rest:
            break
        group, verb, rest = command, rest[0], rest[1:]
    try:
        context = command.make_context(verb, rest)
    except click.exceptions.Exit:
        raise UsageError(f"{verb} with these options prints and ends: it does nothing in a plan") from None
    except click.ClickException as error:
        raise UsageError(f"{verb}: {error.format_message()}") from None
    given = [
        name for name in context.params if context.get_parameter_source(name) == ParameterSource.COMMANDLINE
    ]
    return Parsed(verb, dict(context.params), frozenset(given))
