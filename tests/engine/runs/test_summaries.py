"""Runs are listed with their state and scores, and found by short names."""

import json
import os
import subprocess
import sys

import pytest

import affekt
from affekt.core.errors import UsageError
from affekt.core.labels import label_set
from affekt.core.recipe import Recipe
from affekt.engine.runs.names import find_run, name_runs, run_folders
from affekt.engine.runs.run import Run
from affekt.engine.runs.summaries import list_runs

VALUES = {"method": "compact_face", "data": {"name": "fer2013"}}


@pytest.fixture
def make(tmp_path):
    """A function that makes a run folder without weights, each a minute after the one before."""
    made = []

    def run(**changes):
        recipe = Recipe.from_values({**VALUES, **changes})
        one = Run.place(tmp_path, recipe, label_set("fer-7"))
        one.start(recipe)
        made.append(one)
        os.utime(one.path / "recipe.toml", (60 * len(made),) * 2)
        return one

    return run


def names(runs):
    return [run.name for run in name_runs(runs)]


def digits(run, count=4):
    return run.path.name[:count]


def same_start(run, other):
    """Rename a run's folder so that its hash begins like another's."""
    start, rest = digits(other), run.path.name[4:]
    other_rest = rest if rest[:4] != other.path.name[4:8] else "0" * 4 + rest[4:]
    run.path.rename(run.path.with_name(start + other_rest))


def test_runs_are_named_by_method_data_hash_and_seed_the_newest_first(make, tmp_path):
    one, two = make(), make(method="poster_v2", seed=7)
    assert names(tmp_path) == [f"poster_v2-fer2013-{digits(two)}-7", f"compact_face-fer2013-{digits(one)}-0"]


def test_seeds_of_one_recipe_have_names_of_their_own(make, tmp_path):
    runs = [make(seed=seed) for seed in (1, 10)]
    for run, seed in zip(runs, (1, 10), strict=True):
        assert find_run(f"compact_face-fer2013-{digits(run)}-{seed}", tmp_path) == run.path


def test_a_name_has_as_many_digits_as_tell_it_from_others(make, tmp_path):
    one, two = make(), make(train={"epochs": 3})
    same_start(two, one)
    found = names(tmp_path)
    assert len(set(found)) == 2 and all(len(name.split("-")[2]) > 4 for name in found)
    with pytest.raises(UsageError, match=r"fits 2 runs.*give one of these") as caught:
        find_run(f"compact_face-fer2013-{digits(one)}", tmp_path)
    assert all(name in str(caught.value) for name in found)
    assert {find_run(name, tmp_path) for name in found} == set(run_folders(tmp_path))


@pytest.mark.parametrize(
    "text",
    ["{name}", "compact-face-FER2013-{four}-0", "compact_face-f", "comp", "{four}", "{eight}", "{folder}"],
)
def test_a_run_is_found_by_any_beginning_of_its_name_or_of_its_hash(make, tmp_path, text):
    run = make()
    values = {"four": digits(run), "eight": digits(run, 8), "folder": run.path.name}
    (name,) = names(tmp_path)
    assert find_run(text.format(name=name, **values), tmp_path) == run.path


def test_latest_is_the_run_that_was_trained_last(make, tmp_path):
    one, two = make(), make(seed=1)
    assert find_run("latest", tmp_path) == two.path
    (one.path / "metrics.jsonl").write_text("")
    assert find_run("latest", tmp_path) == one.path
    (two.path / "evaluation").mkdir()  # an evaluation does not make a run newer
    assert find_run("latest", tmp_path) == one.path
    (two.path / "checkpoints/best").mkdir(parents=True)  # the only one with a complete epoch
    assert find_run("latest", tmp_path) == two.path


def test_a_path_that_exists_is_the_path_itself(make, tmp_path):
    run = make()
    assert find_run(run.path, "no such folder") == run.path
    assert find_run(str(tmp_path), tmp_path) == tmp_path


@pytest.mark.parametrize("text", ["compact_fase-fer2013", "compct-face-fer2013-0000-0"])
def test_a_name_that_no_run_has_is_refused_with_near_names(make, tmp_path, text):
    make()
    with pytest.raises(
        UsageError, match=r"does not exist, and no run in .* did you mean compact_face-fer2013"
    ):
        find_run(text, tmp_path)


def test_a_name_like_no_other_is_refused_with_the_newest(make, tmp_path):
    make()
    with pytest.raises(UsageError, match=r"the newest are compact_face-fer2013"):
        find_run("walks.affekt", tmp_path)
    with pytest.raises(UsageError, match="there are none"):
        find_run("latest", tmp_path / "elsewhere")


def test_a_short_beginning_is_enough_where_it_fits_one_run(make, tmp_path):
    run = make()
    assert find_run("com", tmp_path) == run.path


def test_a_copy_of_a_run_is_named_by_its_path(make, tmp_path):
    import shutil

    run = make()
    copy = tmp_path / "more" / run.path.name
    shutil.copytree(run.path, copy)
    with pytest.raises(UsageError, match="fits 2 runs") as caught:
        find_run(names(tmp_path)[0], tmp_path)
    assert str(run.path) in str(caught.value) and str(copy) in str(caught.value)


def test_a_renamed_folder_is_called_by_its_name(make, tmp_path):
    run = make()
    run.path.rename(tmp_path / "faces of June")
    assert names(tmp_path) == ["faces of June"]
    assert find_run("faces of june", tmp_path) == tmp_path / "faces of June"


def test_a_recipe_beside_runs_is_not_a_run(make, tmp_path):
    run = make()
    (tmp_path / "recipe.toml").write_text('method = "compact_face"\n')
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/recipe.toml").write_text('method = "compact_face"\n')
    assert run_folders(tmp_path) == [run.path]


def test_a_finished_run_is_listed_with_its_scores(trained_run):
    affekt.evaluate(trained_run)
    (row,) = list_runs(trained_run.parents[4])
    assert (row.path, row.method, row.data, row.modalities) == (
        trained_run,
        "bpm_gcn",
        "walkers",
        ("skeleton",),
    )
    assert (row.state, row.epoch, row.epochs, row.reason) == ("finished", 2, 2, "")
    result = json.loads((trained_run / "result.json").read_text())
    assert row.validation.metric == "uar" and row.validation.value == result["validation"]["uar"]
    rows = (trained_run / "evaluation/record.jsonl").read_text().splitlines()
    last = next(row for row in map(json.loads, reversed(rows)) if row["split"] == "test")
    assert row.test.value == last["scores"]["uar"]
    assert json.loads(json.dumps(row.to_dict()))["validation"]["metric"] == "uar"


def test_an_unfinished_run_is_listed_with_its_epoch_and_the_score_of_the_best_one(begun):
    (row,) = list_runs(begun)
    assert row.state == "epoch 2 of 2" and row.test is None
    run = Run(row.path)
    assert row.validation.value == max(one["validation/uar"] for one in run.metrics())


def test_a_run_without_a_complete_epoch_has_no_score(make, tmp_path):
    make()
    (row,) = list_runs(tmp_path)
    assert (row.state, row.validation, row.test) == ("epoch 0 of 10", None, None)


def test_scores_on_other_data_or_with_other_options_are_not_test_scores(make, tmp_path):
    run = make()
    (run.path / "evaluation").mkdir()
    rows = [
        {"split": "test", "data": "fer2013", "scores": {"uar": 0.5}},
        {"split": "test", "data": "fer2013", "scores": {"uar": 0.6}, "options": ["split.fold=1"]},
        {"split": "test", "data": "images", "scores": {"uar": 0.7}},
        {"split": "validation", "data": "fer2013", "scores": {"uar": 0.8}},
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows) + '{"split": "te'
    (run.path / "evaluation/record.jsonl").write_text(text)
    (row,) = list_runs(tmp_path)
    assert row.test.value == 0.5


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda path: (path / "recipe.toml").unlink(), "it has no recipe.toml"),
        (lambda path: (path / "recipe.toml").write_text("method = "), "not valid TOML"),
        (lambda path: (path / "recipe.toml").write_text('method = "cten"'), "data: missing"),
        (lambda path: (path / "recipe.toml").write_text('method = "x"\ndata = {name = "y"}'), "no method is"),
        (lambda path: (path / "result.json").write_text("{"), "result.json cannot be read"),
        (lambda path: (path / "result.json").write_text("[]"), "a JSON object was expected"),
    ],
)
def test_a_broken_folder_is_listed_with_the_reason_beside_the_others(make, tmp_path, spoil, reason):
    spoil(make().path)
    make(seed=1)
    rows = list_runs(tmp_path)
    assert sorted(bool(row.reason) for row in rows) == [False, True]
    assert any(reason in row.reason and "\n" not in row.reason for row in rows)


def test_listing_runs_needs_the_core_packages_only():
    code = (
        "import sys\nimport affekt.engine.runs.summaries\n"
        "sys.exit(len({'torch', 'sklearn', 'lightning', 'tomli_w', 'safetensors'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
