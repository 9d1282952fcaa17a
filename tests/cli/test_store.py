"""`affekt store`: sizes, checks, cleaning and detaching of real runs."""

import json
import shutil

import pytest
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app
from affekt.core.errors import FolderError, UsageError
from affekt.engine.runs.names import name_runs

pytestmark = pytest.mark.xdist_group("bundle")


def invoke(*words):
    return CliRunner().invoke(app, ["store", *[str(word) for word in words]])


@pytest.fixture
def runs(trained_run, tmp_path):
    """A folder of runs with one finished run and its store, which tests may change."""
    return shutil.copytree(trained_run.parents[4], tmp_path / "runs", symlinks=True)


def weights_of(runs):
    (run,) = name_runs(runs)
    return run.path / "checkpoints" / "best" / "model.safetensors"


@pytest.mark.parametrize("verb", ["du", "verify", "gc", "detach"])
def test_each_verb_has_help_with_an_example(verb):
    done = CliRunner().invoke(app, ["store", verb, "--help"])
    assert done.exit_code == 0 and f"Example: affekt store {verb}" in done.output


def test_du_names_each_run_and_counts_its_bytes(runs):
    (run,) = name_runs(runs)
    done = invoke("du", "--runs", runs)
    assert done.exit_code == 0 and run.name in done.stdout and "are saved" in done.output
    found = json.loads(invoke("du", "--runs", runs, "--json").stdout)
    assert found["runs"][0]["alone"] == found["disk_bytes"] and found["objects"] == 1 + (
        (run.path / "checkpoints" / "best").resolve() != (run.path / "checkpoints" / "last").resolve()
    )


def test_verify_ends_with_1_and_names_a_damaged_object_and_its_runs(runs):
    assert invoke("verify", "--runs", runs).exit_code == 0
    place = weights_of(runs).resolve()
    place.write_bytes(place.read_bytes()[:-1])
    done = invoke("verify", "--runs", runs)
    (run,) = name_runs(runs)
    assert done.exit_code == 1
    assert place.name in done.output and f"needed by {run.name}" in done.output and "next: " in done.output
    (row,) = json.loads(invoke("verify", "--runs", runs, "--json").stdout)
    assert row["runs"] == [run.name] and row["reason"].startswith("damaged")


def test_a_missing_object_is_reported_by_predict_with_the_run_and_the_next_step(runs):
    (run,) = name_runs(runs)
    place = weights_of(runs).resolve()
    place.unlink()
    for path in (run.path, run.path / "checkpoints" / "best"):
        with pytest.raises(FolderError) as caught:
            affekt.load(path)
        assert place.name in str(caught.value) and "affekt store verify" in str(caught.value)
        assert str(run.path) in str(caught.value)
    assert invoke("verify", "--runs", runs).exit_code == 1


def test_gc_removes_what_no_run_needs(runs):
    assert json.loads(invoke("gc", "--runs", runs, "--json").stdout)["removed"] == {}
    (run,) = name_runs(runs)
    shutil.rmtree(run.path)
    assert "would be removed" in invoke("gc", "--runs", runs, "--dry-run").output
    assert json.loads(invoke("gc", "--runs", runs, "--json").stdout)["bytes"] > 0
    assert not list((runs / "store" / "objects").iterdir())


def test_a_detached_run_gives_the_same_answers_elsewhere(runs, walks, tmp_path):
    (run,) = name_runs(runs)
    before = affekt.load(run.path)(walks / "walk0.npz")
    done = invoke("detach", run.name, tmp_path / "copy", "--runs", runs)
    assert done.exit_code == 0, done.output
    shutil.rmtree(runs)
    assert affekt.load(tmp_path / "copy")(walks / "walk0.npz").scores == before.scores


def test_some_runs_of_a_store_above_them_are_refused(runs, tmp_path):
    done = invoke("gc", "--runs", runs / "training")
    assert isinstance(done.exception, UsageError) and str(runs) in str(done.exception)
    done = invoke("du", "--runs", tmp_path / "nowhere")
    assert isinstance(done.exception, UsageError) and "does not exist" in str(done.exception)
