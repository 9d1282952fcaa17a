"""`affekt runs`, and commands that take the name of a run."""

import json
import shutil

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import UsageError
from affekt.engine.runs.names import name_runs

pytestmark = pytest.mark.xdist_group("bundle")


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def runs(trained_run, tmp_path):
    """A folder of runs with one finished run, which tests may change."""
    return shutil.copytree(trained_run.parents[4], tmp_path / "runs", symlinks=True)


def test_runs_are_listed_in_a_table(runs):
    done = invoke("runs", "--runs", runs)
    assert done.exit_code == 0, done.output
    (run,) = name_runs(runs)
    assert run.name in done.stdout and "finished" in done.stdout and "uar 0." in done.stdout


def test_runs_are_listed_as_json(runs):
    (row,) = json.loads(invoke("runs", "--runs", runs, "--json").stdout)
    assert (row["method"], row["data"], row["modalities"]) == ("bpm_gcn", "walkers", ["skeleton"])
    assert row["state"] == "finished" and 0 <= row["validation"]["value"] <= 1


def test_a_broken_run_is_reported_and_the_others_are_listed(runs):
    (runs / "training/a/b/c/01234567--0").mkdir(parents=True)
    done = invoke("runs", "--runs", runs)
    assert done.exit_code == 0 and "finished" in done.stdout
    (broken,) = [row for row in json.loads(invoke("runs", "--runs", runs, "--json").stdout) if row["reason"]]
    assert broken["reason"] == "it has no recipe.toml"


def test_a_folder_that_does_not_exist_is_wrong_usage(tmp_path):
    done = invoke("runs", "--runs", tmp_path / "nowhere")
    assert isinstance(done.exception, UsageError) and "does not exist" in str(done.exception)
    assert invoke("runs", "--runs", tmp_path).exit_code == 0


def test_evaluate_export_and_predict_take_the_name_of_a_run(runs, walks, tmp_path):
    (run,) = name_runs(runs)
    done = invoke("evaluate", "latest", "--runs", runs, "--json")
    assert done.exit_code == 0, done.output
    assert (run.path / "evaluation" / "record.jsonl").exists()
    done = invoke("predict", run.name, walks, "--runs", runs, "--json")
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)["predictions"]) == 3
    done = invoke("export", "bpm-gcn-walkers", "--runs", runs, "--output", tmp_path / "w.affekt", "--json")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "w.affekt" / "affekt.json").exists()


@pytest.mark.parametrize("words", [["evaluate"], ["export"]])
def test_a_name_that_no_run_has_is_wrong_usage_with_near_names(runs, words):
    done = invoke(*words, "bpm_gcn-walker-0000-0", "--runs", runs)
    assert isinstance(done.exception, UsageError)
    assert "did you mean bpm_gcn-walkers-" in str(done.exception)


@pytest.fixture
def two_runs(runs, run_tiny):
    """The folder of runs with another one, of more epochs."""
    run_tiny(runs, train={"epochs": 3})
    return runs


def test_two_runs_are_compared_and_their_difference_is_shown(two_runs):
    one, other = (run.name for run in name_runs(two_runs))
    done = invoke("runs", "diff", one, other, "--runs", two_runs, "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert [it["name"] for it in found["settings"]] == ["train.epochs"]
    assert {it["name"] for it in found["scores"]} >= {"epochs", "validation uar", "looks at test"}
    done = invoke("compare", one, other, "--runs", two_runs, "--json", "--metric", "accuracy")
    assert done.exit_code == 0, done.output
    (test,) = json.loads(done.stdout)["tests"]
    assert test["score"] == "accuracy" and 0 < test["p"] <= 1
    listed = json.loads(invoke("runs", "--runs", two_runs, "--json").stdout)
    assert all(row["looks"] >= 1 for row in listed)
    done = invoke("runs", "diff", one, other, "--runs", two_runs)
    assert done.exit_code == 0 and "train.epochs" in done.stdout and "looks at test" in done.stdout


def test_groups_are_shown_by_evaluate(runs):
    done = invoke("evaluate", "latest", "--runs", runs, "--groups", "subject", "--json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["groups"]
    assert found["name"] == "subject" and found["worst"] in {one["group"] for one in found["groups"]}
    done = invoke("evaluate", "latest", "--runs", runs, "--groups", "gendre")
    assert isinstance(done.exception, UsageError) and "known: subject" in str(done.exception)
