"""Commands, recipes, links, examples and translations on all pages."""

import doctest
import re
import shlex
import sys
import types
from collections import Counter

import pytest
import typer

from affekt.cli.main import app
from affekt.core import catalog
from affekt.core.recipe_files import list_recipes

# A page and its translation: the same commands and the same figures.
TRANSLATIONS = [
    ("docs/quickstart.md", "docs/zh-CN/quickstart.md"),
    ("README.md", "README.zh-CN.md"),
]
USAGE_ERROR = typer.BadParameter.__mro__[1]
COMMANDS = typer.main.get_command(app)
LINK = re.compile(r"\]\(([^)\s]+)\)")
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
SHELLS = ("bash", "sh", "console")


def calls(line):
    """The words of each call of affekt in a line of a shell."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;<>")
    lexer.whitespace_split = True
    found, current = [], []
    for word in [*lexer, ";"]:
        if set(word) <= set("&|;"):
            found.append(current)
            current = []
        else:
            current.append(word)
    return [one[1:] for one in found if one[:1] == ["affekt"]]


def problem_of(words):
    """What is wrong with a call: parsed as the program does, without doing it; empty if nothing is."""
    command, path, rest = COMMANDS, ["affekt"], list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        path.append(rest.pop(0))
        command = command.commands[path[-1]]
    if getattr(command, "commands", {}) and rest and not rest[0].startswith("-"):
        return f"{' '.join(path)} has no command {rest[0]}"
    if "--help" in rest or "--version" in rest:
        return ""
    try:
        command.make_context(" ".join(path), rest)
    except USAGE_ERROR as error:
        return f"{' '.join(['affekt', *words])}: {error.format_message()}"
    return ""


def named_recipes(words):
    """Recipes of affekt that a call of `train` or `recipe` names."""
    if words[:1] not in (["train"], ["recipe"]):
        return []
    found = []
    for word in words[1:]:
        if word.startswith("-"):
            break
        if word == word.lower() or word.endswith(".toml"):
            found.append(word)
    return [word for word in found if "/" in word or not word.endswith(".toml")]


def test_every_command_on_every_page_can_be_given(pages):
    problems = [
        f"{page.name}: {problem}"
        for page in pages
        for block in page.blocks
        if block.info.split(" ")[0] in SHELLS
        for line in block.body.splitlines()
        for words in calls(line)
        if (problem := problem_of(words))
    ]
    assert problems == []


def test_a_wrong_command_is_found():
    assert "No such option" in problem_of(["train", "x.toml", "--seed", "1"])
    assert problem_of(["data", "chek", "images"]) == "affekt data has no command chek"
    assert "Missing" in problem_of(["evaluate"])
    assert calls("affekt runs && affekt train a  # b") == [["runs"], ["train", "a"]]


def test_commands_within_text_exist(pages):
    problems = []
    for page in pages:
        for span in re.findall(r"`(affekt [^`]+)`", page.text):
            command = COMMANDS
            for word in span.split()[1:]:
                inner = getattr(command, "commands", {})
                options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
                if word in inner:
                    command = inner[word]
                elif word.startswith("--") and word.split("=")[0] not in options | {"--help"}:
                    problems.append(f"{page.name}: `{span}` has an option {word} that does not exist")
                elif command is COMMANDS and not word.startswith("-"):
                    problems.append(f"{page.name}: `{span}` names no command")
                    break
    assert problems == []


def test_every_named_recipe_and_method_exists(pages):
    known = {recipe.name.removesuffix(".toml") for recipe in list_recipes()} | set(catalog.list_methods())
    named = {
        (page.name, name)
        for page in pages
        for block in page.blocks
        for line in block.body.splitlines()
        if block.info.split(" ")[0] in SHELLS
        for words in calls(line)
        for name in named_recipes(words)
    }
    assert len(named) > 10
    missing = [
        (where, name)
        for where, name in sorted(named)
        if not {name.removesuffix(".toml"), catalog.canonical(name)} & known
    ]
    assert missing == []


def test_every_linked_file_exists(pages):
    missing = [
        f"{page.name}: {target}"
        for page in pages
        for target in LINK.findall(page.text)
        if not re.match(r"https?:|#|mailto:|generated/", target)  # Sphinx checks links to generated pages
        and not (page.path.parent / target.partition("#")[0]).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("names", TRANSLATIONS, ids=lambda names: names[1])
def test_a_translation_has_the_same_commands_and_figures(names, page):
    one, other = map(page, names)
    assert [(block.info, block.lines) for block in one.blocks] == [
        (block.info, block.lines) for block in other.blocks
    ]
    assert Counter(NUMBER.findall(one.text)) == Counter(NUMBER.findall(other.text))


def test_examples_in_python_give_what_they_show(pages):
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    for page in pages:
        for block in page.blocks:
            if block.info.startswith("python") and block.body.lstrip().startswith(">>>"):
                example = doctest.DocTestParser().get_doctest(block.body, {}, page.name, page.name, 0)
                runner.run(example)
            elif block.info.startswith("python"):
                compile(block.body, page.name, "exec")
    assert runner.tries > 0 and runner.failures == 0


def test_the_data_set_of_the_tutorial_is_read(page, tmp_path, monkeypatch):
    """The module of the page and its test run as they stand, with the module in the place of an adapter."""
    module, test = (
        block.body for block in page("docs/adding-a-data-set.md").blocks if block.info == "python"
    )
    harbour = types.ModuleType("harbour")
    monkeypatch.setitem(sys.modules, "harbour", harbour)
    exec(compile(module, "harbour", "exec"), harbour.__dict__)
    assert harbour.DATASET.layout.startswith("Harbour: faces")
    given = {}
    exec(compile(test, "test_harbour", "exec"), given)
    read = given["open_dataset"]
    given["open_dataset"] = lambda name, root: read({"harbour": harbour.DATASET}[name], root)
    given["test_folders_are_classes_and_parts"](tmp_path)
