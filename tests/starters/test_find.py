from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app
from affekt.engine.runs.names import find_run, find_runs
from affekt.starters import find_starter, list_starters

MOST_BYTES = 8 * 10**6


def test_each_starter_is_small_and_states_what_it_is_for():
    for starter in list_starters():
        assert starter.bytes < MOST_BYTES
        for fact in ("intended_use", "limits", "licence", "data_licence", "metrics", "calibration"):
            assert starter.document[fact], f"{starter.name} lacks {fact}"


@pytest.mark.parametrize("name", ["compact_face", "compact-face", " Compact_Face "])
def test_a_starter_is_found_by_its_name(name):
    assert affekt.load(name).provenance.method == "compact_face"


def test_a_path_of_the_same_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_run("compact_face").is_absolute()
    assert find_runs("compact_face") == [find_run("compact_face")]
    (tmp_path / "compact_face").mkdir()
    assert not find_run("compact_face").is_absolute()


def test_other_names_are_no_starters():
    assert find_starter("compact") is None


def test_models_lists_starters_and_shows_one():
    listed = CliRunner().invoke(app, ["models"])
    assert "compact_face" in listed.stdout
    assert "fer2013" in listed.stdout
    shown = CliRunner().invoke(app, ["models", "compact-text", "--json"])
    assert json.loads(shown.stdout)["path"].endswith("compact_text")
    facts = CliRunner().invoke(app, ["models", "compact_text"])
    assert "goemotions" in facts.stdout


def test_an_unknown_starter_is_refused_with_those_there_are():
    from affekt.core.errors import UsageError

    result = CliRunner().invoke(app, ["models", "compact_fact"])
    assert isinstance(result.exception, UsageError)
    assert "compact_face" in str(result.exception)
