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
    "chat",
    "bench",
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


def test_export_prints_each_score_that_int8_was_compared_by(monkeypatch, tmp_path):
    from affekt.deploy.export import export as module

    gate = {"before": {"ccc": 0.5}, "after": {"ccc": 0.495}, "samples": 9}
    done = module.Exported(tmp_path / "b", 0.0, "random inputs", 1, 1.0, gate)
    monkeypatch.setattr(module, "export", lambda *given, **named: done)
    monkeypatch.setattr("affekt.cli.export.find_network", lambda run, runs, **named: run)
    shown = CliRunner().invoke(app, ["export", str(tmp_path), "--int8"])
    assert shown.exit_code == 0, shown.output
    assert "ccc in int8: 0.495, 0.500 before (9 validation samples)" in shown.output
