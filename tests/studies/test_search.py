"""A search by Optuna, on validation only. Skipped where the extra `hpo` is not installed."""

import json

import pytest

from affekt.engine.runs.looks import looks_at
from affekt.studies.plans.roots import Roots
from affekt.studies.search import run_search
from affekt.studies.study import open_study

pytest.importorskip("optuna", reason="the extra hpo is not installed")
pytestmark = pytest.mark.xdist_group("search")

PLAN = """
recipe = ["walk.toml"]
metrics = ["uar"]
[search]
trials = 3
space = {"optimizer.lr" = {low = 1e-4, high = 1e-2, log = true}, "config.width" = {choices = [4, 8]}}
"""


@pytest.fixture(scope="module")
def searched(write_plan, tmp_path_factory):
    folder = tmp_path_factory.mktemp("search")
    path = write_plan(folder, PLAN)
    study = open_study(path, runs=folder / "runs", roots=Roots(), parse=lambda words: None, entry="")
    return study, run_search(study), run_search(study)


def test_trials_are_never_evaluated_on_the_test_part(searched):
    study, _, _ = searched
    runs = [path.parent for path in study.finder.runs.rglob("result.json") if "studies" not in path.parts]
    looked = [run for run in runs if looks_at(run, "test")]
    # The base row and the best settings; the best trial is the run of that row.
    assert len(looked) == 2 < len(runs)


def test_the_best_settings_are_a_row_of_the_table(searched):
    _, outcome, _ = searched
    assert [row.name for row in outcome.summary.rows] == ["base", "search"]
    text = outcome.files["Markdown"].read_text()
    assert "## Search" in text and "(best)" in text and "config.width" in text


def test_a_search_that_is_repeated_trains_nothing_and_chooses_the_same(searched):
    _, first, second = searched
    assert not second.progress.finished and second.progress.kept == second.progress.total
    assert first.files["numbers"].read_bytes() == second.files["numbers"].read_bytes()
    assert json.loads(first.files["numbers"].read_text())["rows"]
