"""An evaluation reports labels that seem to be exchanged."""

import importlib
import json

import pytest
import torch
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.tasks import single_label

evaluating = importlib.import_module("affekt.evaluation.evaluate")


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_a_network_with_labels_in_order_gets_no_hint(trained_run, tmp_path):
    assert evaluating.evaluate(trained_run, folder=tmp_path).label_hint == ""
    assert json.loads((tmp_path / "scores.json").read_text())["label_hint"] == ""


def test_a_hint_is_written_and_printed(trained_run, tmp_path, monkeypatch):
    monkeypatch.setattr(
        single_label, "exchanged_labels", lambda confusion, names: f"read {names[0]} otherwise"
    )
    done = CliRunner().invoke(app, ["evaluate", str(trained_run), "--output", str(tmp_path)])
    assert done.exit_code == 0
    assert "read happy otherwise" in done.output
    assert json.loads((tmp_path / "scores.json").read_text())["label_hint"] == "read happy otherwise"
