"""The command line, from the help of the commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import typer

from affekt.cli.main import app
from generate.markdown import definitions, text

_TYPE = re.compile(r"<(?:list\[)?(\w+)\]?>")


def command_pages() -> Iterator[tuple[str, str]]:
    """A fragment with a section for each command."""
    group = typer.main.get_command(app)
    sections = [_section(one, path) for one, path in _commands(group, ["affekt"]) if len(path) > 1]
    yield "fragments/commands.md", "\n".join(sections)


def _commands(command: Any, path: list[str]) -> Iterator[tuple[Any, list[str]]]:
    yield command, path
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, [*path, name])


def _section(command: Any, path: list[str]) -> str:
    context = command.make_context(" ".join(path), [], resilient_parsing=True)
    about: list[str] = []
    examples: list[str] = []
    for paragraph in (command.help or "").replace("\\[", "[").split("\n\n"):
        line = " ".join(paragraph.split())
        said, _, example = line.partition("Example: ")
        about += [text(said)] if said else []
        examples += [example] if example else []
    records = [record for one in command.params if (record := one.get_help_record(context))]
    inner = getattr(command, "commands", {})
    listed = [
        (f"`affekt {' '.join([*path[1:], name])}`", text(_first(one.help))) for name, one in inner.items()
    ]
    return "\n".join(
        [
            f"{'##' if len(path) == 2 else '###'} `{' '.join(path)}`\n",
            "\n\n".join(about) + "\n",
            "```bash\n" + "\n".join(examples) + "\n```\n" if examples else "",
            definitions(
                [(_name(name), text(" ".join(said.replace("\\[", "[").split()))) for name, said in records]
            ),
            definitions(listed),
        ]
    )


def _first(help_text: str | None) -> str:
    return " ".join((help_text or "").split("\n\n")[0].split())


def _name(written: str) -> str:
    """An option or an argument with its type in words."""
    kinds = {"Path": "path", "str": "text", "int": "whole number", "float": "number"}
    found = _TYPE.search(written)
    plain = _TYPE.sub("", written).strip()
    kind = kinds.get(found[1], found[1]) if found else ""
    return f"`{plain}`" + (f" — {text(kind)}" if kind and not plain.startswith("--no-") else "")
