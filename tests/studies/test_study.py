"""A study with stages, commands, two folds and members that fail."""

import json
import subprocess
import sys

import pytest

from affekt.engine.runs.run import Run
from affekt.engine.weights.checkpoint import MODEL_FILE

pytestmark = pytest.mark.xdist_group("study")

PLAN = """
recipe = ["walk.toml"]
metrics = ["uar"]
against = "all"
[members]
second = {weights = ["first"], set = {"train.epochs" = 2}}
first = {shown = false}
wild = {set = {optimizer = {name = "sgd", lr = 1e30}, "train.epochs" = 3}}
after = {weights = ["wild"]}
[commands]
plain = [
    "affekt train walk.toml --set config.width=8",
    "affekt runs --json",
    "affekt evaluate nothing",
]
"""


@pytest.fixture(scope="module")
def study(write_plan, tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    path = write_plan(folder, PLAN)
    code = "from affekt.cli.main import run; run()"
    words = [
        sys.executable,
        "-c",
        code,
        "experiment",
        str(path),
        "--runs",
        str(folder / "runs"),
        "--jobs",
        "2",
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=folder)
    return folder, done


def run_named(folder, **wanted):
    for path in folder.rglob("recipe.toml"):
        recipe = Run(path.parent).recipe
        if all(
            getattr(recipe, name) == value or getattr(recipe.train, name, None) == value
            for name, value in wanted.items()
        ):
            yield Run(path.parent), recipe


def test_a_stage_starts_from_the_weights_of_the_row_that_it_names(study):
    folder, _ = study
    first = next(
        run
        for run, recipe in run_named(folder / "runs")
        if not recipe.initial_weights and recipe.train.epochs == 1 and recipe.config["width"] == 4
    )
    digest = json.loads((first.best / "affekt.json").read_text())["files"][MODEL_FILE]["sha256"][:16]
    second = next(recipe for _, recipe in run_named(folder / "runs") if recipe.train.epochs == 2)
    assert second.initial_weights == (digest,)


def test_members_that_fail_are_reported_with_their_reasons_while_the_rest_goes_on(study):
    folder, done = study
    assert done.returncode == 1
    assert (
        "failed: wild, seed 0: AffektError: the training loss is nan" in done.stderr
        or "the training loss is inf" in done.stderr
    )
    assert "failed: after, seed 0: it needs wild, seed 0, which failed" in done.stderr
    assert "failed: plain, command 3: " in done.stderr and "no run in" in done.stderr
    assert "3 of 7 failed; again with: affekt experiment" in done.stderr
    table = (folder / "runs" / "studies" / "plan" / "table.md").read_text()
    assert "[second]" in table and "[plain]" in table and "first" not in table
    assert "wild: 1 of its runs is not finished" in table


def test_a_command_that_is_not_a_training_is_run_once(study):
    folder, _ = study
    log = folder / "runs" / "studies" / "plan" / "logs" / "plain__command_2.log"
    assert '"method": "bpm_gcn"' in log.read_text()
    (line,) = (folder / "runs" / "studies" / "plan" / "commands.jsonl").read_text().splitlines()
    assert json.loads(line)["id"] == "plain, command 2"


def test_rows_are_tested_against_each_other_once(study):
    tests = (study[0] / "runs" / "studies" / "plan" / "tests.csv").read_text().splitlines()
    assert len(tests) == 2 and tests[1].startswith(",plain,second,uar,")
