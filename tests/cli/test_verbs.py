"""The verbs, their help and their JSON."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app

VERBS = (
    "demo",
    "methods",
    "datasets",
    "card",
    "data",
    "train",
    "runs",
    "evaluate",
    "export",
    "predict",
    "doctor",
)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb):
    arguments = [verb, "check", "--help"] if verb == "data" else [verb, "--help"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0
    assert "Example: affekt" in done.output


def test_importing_affekt_loads_neither_torch_nor_onnxruntime():
    code = (
        "import affekt, sys; sys.exit(len({'torch', 'onnxruntime', 'numpy', 'pydantic'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_public_names_are_all_there():
    for name in affekt.__all__:
        assert getattr(affekt, name).__doc__, name
    with pytest.raises(AttributeError):
        affekt.no_such_name  # noqa: B018


def test_card_gives_the_facts_as_json():
    done = CliRunner().invoke(app, ["card", "bpm-gcn", "--json"])
    assert json.loads(done.stdout)["paper"]["year"] == 2024


def test_data_check_reports_no_problem_in_invented_walks():
    done = CliRunner().invoke(app, ["data", "check", "walkers", "--set", "walkers=8", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["problems"] == []


def test_data_check_prints_a_table_and_draws_a_figure(tmp_path):
    arguments = ["data", "check", "walkers", "--set", "walkers=8", "--figure", str(tmp_path / "balance.png")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "train" in done.output and "angry" in done.output
    assert (tmp_path / "balance.png").read_bytes().startswith(b"\x89PNG")
