"""Tables at 90 columns and in narrow terminals."""

import re

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.cli.tables import WIDTH, as_table
from affekt.core import catalog

PATH = "/data/" + "/".join(f"folder {number}" for number in range(9)) + "/clip.mp4"
GOEMOTIONS = [f"emotion_{number}" for number in range(28)]


@pytest.mark.parametrize(
    "words", [["methods"], ["datasets"], ["recipes"], ["assets", "list"], ["card", "bpm-gcn"]]
)
def test_a_listing_has_at_most_90_columns(words):
    lines = CliRunner().invoke(app, words).stdout.splitlines()
    assert len(lines) > 3
    # A line may be longer only where one word is, such as a path.
    assert not [
        line for line in lines if len(line) > WIDTH and max(map(len, re.split(r" +│ | +", line))) < 60
    ]


def test_networks_of_this_project_are_listed_as_such_and_not_under_the_paper_that_they_follow():
    listed = CliRunner().invoke(app, ["methods"]).stdout
    for name, card in catalog.readable(catalog.list_methods(), catalog.card)[0].items():
        assert card.of_this_project == card.reference.startswith("none")
        (row,) = [line for line in listed.splitlines() if line.startswith(f"{name} ")]
        assert ("ours" in row) == card.of_this_project
        assert (str(card.paper.year) in row) != card.of_this_project


def test_many_columns_are_divided_into_tables_with_the_same_first_column(capsys):
    as_table(("input", *GOEMOTIONS), [("a.txt", *[0.5] * 28), ("b.txt", *[0.25] * 28)])
    out = capsys.readouterr().out
    assert all(len(line) <= WIDTH for line in out.splitlines())
    assert all(name in out for name in GOEMOTIONS)
    assert out.count("b.txt") == out.count("input") > 1
    assert out.count("0.250") == 28


def test_a_path_stays_on_one_line(capsys):
    as_table(
        ("input", "label", "confidence"), [(PATH, "joy", 0.5), ("b.mp4", "fear", 0.25)], whole=("input",)
    )
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "input",
        "  label ┃ confidence",
        "  ━━━━━━╇━━━━━━━━━━━",
        PATH,
        "  joy   │      0.500",
        "b.mp4",
        "  fear  │      0.250",
    ]


def test_text_is_wrapped_between_words_and_never_inside(capsys):
    as_table(("name", "text", "file"), [("a", "words " * 30, "x" * 40)])
    out = capsys.readouterr().out
    assert "x" * 40 in out and out.count("words") == 30
    assert all(len(line) <= WIDTH for line in out.splitlines())


def test_brackets_and_colons_in_cells_are_text(capsys):
    as_table(("[name]", "b"), [("[happy]", ":smile: [/]")], title="[title]")
    out = capsys.readouterr().out
    assert "[happy]" in out and ":smile: [/]" in out and "[title]" in out and "[name]" in out


def test_wide_characters_count_as_two_columns(capsys):
    as_table(("a", "b"), [("喜 " * 40, "怒" * 10)])
    from rich.cells import cell_len

    assert all(cell_len(line) <= WIDTH for line in capsys.readouterr().out.splitlines())
