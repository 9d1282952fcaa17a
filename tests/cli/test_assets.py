"""`affekt assets`."""

import json

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app


def run(*arguments):
    return CliRunner().invoke(app, ["assets", *arguments])


@pytest.fixture
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("AFFEKT_ASSETS", str(tmp_path / "cache"))
    monkeypatch.setattr("affekt.assets.places.installed_version", lambda asset: None)
    return tmp_path / "cache"


@pytest.mark.parametrize("verb", ["list", "get", "verify", "licences"])
def test_every_verb_has_help_with_an_example(verb):
    assert f"Example: affekt assets {verb}" in run(verb, "--help").output


def test_the_help_of_get_says_that_it_opens_a_connection():
    assert "only command of affekt assets that opens a connection" in " ".join(
        run("get", "--help").output.split()
    )


def test_list_says_what_is_missing(empty_cache):
    rows = json.loads(run("list", "--json").stdout)
    assert {row["name"]: row["place"] for row in rows} == dict.fromkeys(
        ("centerface", "minilm", "resemblyzer", "silero_vad", "use", "whisper_tiny_en"), "missing"
    )


def test_licences_states_the_terms_of_the_training_data():
    rows = json.loads(run("licences", "--json").stdout)
    assert {row["name"]: row["licence_of_weights"] for row in rows} == {
        "centerface": "MIT",
        "minilm": "Apache-2.0",
        "resemblyzer": "Apache-2.0",
        "silero_vad": "MIT",
        "use": "Apache-2.0",
        "whisper_tiny_en": "MIT",
    }
    terms = {row["name"]: row["terms"] for row in rows}
    assert "MS MARCO" in terms["minilm"]
    assert "WIDER FACE" in terms["centerface"]


def test_verify_fails_for_a_damaged_copy_and_for_a_missing_one_that_was_named(empty_cache):
    assert run("verify").exit_code == 0
    assert run("verify", "use").exit_code == 1
    folder = empty_cache / "use-0.2.1"
    folder.mkdir(parents=True)
    (folder / "sp.model").write_bytes(b"x")
    done = run("verify", "--json")
    assert done.exit_code == 1
    problems = {row["name"]: row["problems"] for row in json.loads(done.stdout)}
    assert "sp.model has 1 bytes; the registry of affekt states 2527207" in problems["use"][1]
