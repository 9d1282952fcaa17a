"""An evaluation reports what its intervals are over."""

import json

import pytest
import torch
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app

LIMIT = "too few for an interval over subjects"


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_an_evaluation_of_three_subjects_reports_that_its_interval_is_over_items(trained_run, tmp_path):
    result = affekt.evaluate(trained_run, folder=tmp_path)
    assert len({row["subject"] for row in result.predictions}) == 3
    assert result.interval_over == "items"
    assert (
        result.interval_note.startswith("interval over items: 3 subjects are")
        and LIMIT in result.interval_note
    )
    written = json.loads((tmp_path / "scores.json").read_text())
    assert (written["interval_over"], written["interval_note"]) == ("items", result.interval_note)


def test_the_command_prints_what_intervals_are_over(trained_run, tmp_path):
    few = CliRunner().invoke(app, ["evaluate", str(trained_run), "--output", str(tmp_path / "few")])
    many = CliRunner().invoke(
        app, ["evaluate", str(trained_run), "--split", "all", "--output", str(tmp_path / "many")]
    )
    assert few.exit_code == many.exit_code == 0
    assert LIMIT in few.output and "95 % interval over items" in few.output
    assert LIMIT not in many.output and "95 % interval over subjects" in many.output


def test_an_evaluation_of_twelve_subjects_has_intervals_over_subjects(trained_run, tmp_path):
    result = affekt.evaluate(trained_run, split="all", folder=tmp_path)
    assert result.interval_over == "subjects" and result.interval_note == ""
    low, high = result.intervals["accuracy"]
    assert 0 <= low < result.scores["accuracy"] <= high <= 1
