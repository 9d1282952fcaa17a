"""Help pages print what the source says: the console takes `[word]` for markup."""

import re

import pytest
import typer
from typer.testing import CliRunner

from affekt.cli.main import app


def commands(command, path=()):
    """All commands with the words that call them."""
    yield command, path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


def letters(text):
    return re.sub(r"[\s│╭╮╰╯─]+", "", text)


@pytest.mark.parametrize(
    ("command", "path"),
    [pytest.param(*one, id=" ".join(one[1])) for one in commands(typer.main.get_command(app))],
)
def test_a_help_page_has_all_words_of_its_texts(command, path, monkeypatch):
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 300)
    monkeypatch.setenv("COLUMNS", "300")
    printed = letters(CliRunner().invoke(app, [*path, "--help"]).output)
    texts = [command.help or "", *(getattr(one, "help", "") or "" for one in command.params)]
    lost = [
        word for text in texts for word in text.replace("\\[", "[").split() if letters(word) not in printed
    ]
    assert not lost
