"""`affekt train METHOD`: own files without a recipe, and several trainings in one command."""

import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import ConfigError, DataError, UsageError
from affekt.core.recipe import Recipe
from affekt.core.recipe_files import own_recipes
from affekt.data.own_files import methods_for
from affekt.engine.runs.names import find_run, find_runs, name_runs
from affekt.studies.plans.seeds import read_folds, read_seeds
from affekt.studies.running import worker
from affekt.studies.running.processes import Worker

TINY = [
    "--set", "config={size = 16, width = 4, units = 1}",
    "--set", "train={epochs = 1, batch_size = 4, threads = 1}",
    "--set", "schedule.warmup_epochs=0",
]  # fmt: skip


class InProcess(Worker):
    """Does the jobs of a study at once, in the process of the test."""

    failing = ""

    def __init__(self, keep_open=()):
        self.reason = None

    def begin(self, document, log):
        if self.failing and self.failing == str(document["recipe"]["seed"]):
            self.reason = "it was told to fail"
            return
        self.reason = worker._do({**document, "log": str(log)})["reason"]

    def ended(self):
        return self.reason

    @property
    def is_alive(self):
        return True

    def terminate(self):
        pass

    def close(self, timeout_s):
        pass


@pytest.fixture
def in_process(monkeypatch):
    monkeypatch.setattr("affekt.studies.running.schedule.Worker", InProcess)
    monkeypatch.setattr(InProcess, "failing", "")
    return InProcess


@pytest.fixture(scope="module")
def folder(draw_folder, tmp_path_factory):
    return draw_folder(tmp_path_factory.mktemp("own") / "pictures", {".": 10})


def invoke(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def error_of(*words):
    done = invoke(*words)
    assert isinstance(done.exception, UsageError | ConfigError | DataError), done.output
    return str(done.exception)


def refused(*words):
    return error_of("train", *words)


def test_a_method_alone_is_trained_on_a_folder_and_says_what_it_does(folder, tmp_path, caplog):
    more = ("--set", "seed=4", "--set", "train.epochs=1")
    done = invoke("train", "compact-face", "--data-root", folder, "--runs", tmp_path / "runs", *TINY, *more)
    assert done.exit_code == 0, done.output
    assert "test: 6 samples (angry 2, happy 2, sad 2)" in caplog.text
    assert "no subject is known: one person may be in several parts" in caplog.text
    (run,) = name_runs(tmp_path / "runs")
    stated = tomllib.loads((run.path / "recipe.toml").read_text())
    assert stated["config"]["num_classes"] == 3 and stated["split"]["test_share"] == 0.2
    # The recipe of the run is complete: it is the same run again.
    assert Recipe.load([run.path / "recipe.toml"]).digest()[:8] == run.path.name[:8]
    words = shlex.split(done.output.partition("next: ")[2])
    assert "with changes: affekt train compact-face" in done.output and "affekt predict" in done.output
    changed, seeds = (
        shlex.split(done.output.partition(f"{name}: affekt ")[2].partition("\n")[0])
        for name in ("with changes", "with other seeds")
    )
    assert "train.epochs=2" in changed and "train.epochs=1" not in changed
    assert seeds[-2:] == ["--seeds", "0,1,2"] and "seed=4" not in seeds
    for printed in (changed, seeds):
        assert printed[printed.index("--runs") + 1] == str(tmp_path / "runs")
    assert invoke(*words[1:]).exit_code == 0


def test_several_seeds_and_folds_are_trained_evaluated_and_compared(folder, tmp_path, in_process):
    runs = ("--runs", tmp_path / "runs")
    given = ("--data-root", folder, *runs)
    first = invoke("train", "compact_face", *given, *TINY, "--seeds", "0-1")
    assert first.exit_code == 0 and "training 2 runs" in first.output, first.output
    assert "validation, 2 seeds" in first.output and "lowest to highest" in first.output
    group = find_run_group(first.output)
    assert [path.name[-3:] for path in find_runs(group, tmp_path / "runs")] == ["--0", "--1"]
    again = invoke("train", "compact_face", *given, *TINY, "--seeds", "0,1,2", "--json")
    assert json.loads(again.stdout)["kept"] == 2 and len(json.loads(again.stdout)["runs"]) == 3
    listed = invoke("runs", *runs).output
    assert "several runs of one recipe" in listed and "0, 1, 2" in listed

    same = shutil.copytree(folder, tmp_path / "same")
    again = invoke("train", "compact_face", "--data-root", same, *runs, *TINY, "--seeds", "0-2", "--json")
    assert json.loads(again.stdout)["kept"] == 3

    done = invoke("train", "compact_face", *given, *TINY, "--folds", "2")
    assert done.exit_code == 0, done.output
    folds = find_run_group(done.output)
    assert {
        Recipe.load([path / "recipe.toml"]).split.fold for path in find_runs(folds, tmp_path / "runs")
    } == {0, 1}
    listed = json.loads(invoke("runs", *runs, "--json").stdout)
    assert sorted(row["fold"] for row in listed if row["group"] == folds) == [0, 1]
    assert [row["fold"] for row in listed if row["group"] == group] == [None] * 3
    assert re.search(r"run +┃ fold ┃ modalities", invoke("runs", *runs).output)
    looked = [path for path in (tmp_path / "runs").rglob("record.jsonl")]
    assert not looked  # the test part is not looked at in training
    done = invoke("evaluate", folds, *given)
    assert done.exit_code == 0 and "30 items" in done.output, done.output
    assert "the 2 folds of a seed are scored together" in done.output
    assert len(list((tmp_path / "runs").rglob("record.jsonl"))) == 2

    with pytest.raises(UsageError, match=r"fits 3 runs.*or all of them to evaluate or compare"):
        find_run(group, tmp_path / "runs")
    assert "is for one run" in error_of("evaluate", group, *given, "--subsets")
    printed = re.search(r"or compare them .*: affekt (compare .*)", first.output)
    assert printed and f"OTHER --data-root {folder} --runs {tmp_path / 'runs'}" in printed[1]
    words = [folds if word == "OTHER" else word for word in shlex.split(printed[1])]
    done = invoke(*words, "--common", "--json")
    assert done.exit_code == 0, done.output
    one, other = json.loads(done.stdout)["rows"]
    assert (len(one["scores"]["uar"]["values"]), len(other["scores"]["uar"]["values"])) == (3, 1)
    assert one["samples"] == other["samples"] == 6
    assert "is in two rows" in error_of("compare", group, "latest", f"{group},{folds}", *given)


def test_a_member_that_fails_is_named_and_the_others_are_kept(folder, tmp_path, in_process):
    in_process.failing = "0"
    words = [
        "train",
        "compact_face",
        "--data-root",
        folder,
        "--runs",
        tmp_path / "runs",
        *TINY,
        "--seeds",
        "0,1",
    ]
    done = invoke(*words)
    assert done.exit_code == 1 and "seed 0: it was told to fail" in done.output
    again = done.output.partition("again with: ")[2]
    in_process.failing = ""
    done = invoke(*shlex.split(again)[1:])
    assert done.exit_code == 0 and "1 of 2 are done already" in done.output


def test_finished_runs_do_not_stand_for_trainings_on_other_data(
    folder, draw_folder, draw_picture, tmp_path, in_process
):
    changed = Path(shutil.copytree(folder, tmp_path / "changed"))
    other = draw_folder(tmp_path / "other", {".": 10}, first=500)
    words = ("compact_face", *TINY, "--runs", tmp_path / "runs", "--data-root")
    assert invoke("train", *words, changed, "--seeds", "0").exit_code == 0
    (run,) = name_runs(tmp_path / "runs")
    for seeds in ("0", "0,8"):
        said = refused(*words, other, "--seeds", seeds)
        assert f"{run.path} exists and was trained on {changed}, with the same recipe" in said
        assert f"{other} holds other data (30 samples before, 30 now: 30 with other content" in said
        assert f"--runs DIR keeps runs on {other} apart, or remove it to start over" in said
    draw_picture(changed / "happy/new.png", 99, 1)
    said = refused(*words, changed, "--seeds", "0,8")
    assert f"{changed}, which has changed since" in said and "1 new (happy/new.png)" in said
    assert len(name_runs(tmp_path / "runs")) == 1  # nothing was trained


def find_run_group(output):
    return output.partition(" stands for all of these runs")[0].rpartition("\n")[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), r"affekt train compact_face --data-root DIR \(pictures\)"),
        ((), r"affekt train vaanet --data-root DIR \(clips\)"),  # sounds have no picture
        ((), r"affekt train compact_voice --data-root DIR \(clips or sounds\)"),
        (("compact_face",), "images reads a folder with one for each class, as in happy/1.jpg"),
        (("compact_fac",), "did you mean compact_face/own"),
        (("telme",), "none is for your own files, as .*compact_face"),
        (("compact_face", "--seeds", "0,x"), "write seeds as in 0,1,2 or 0-4"),
        (("compact_face", "--seeds", "0,1", "--set", "seed=3"), "does not go with --seeds"),
        (("compact_face", "--folds", "1"), "write all, for the 5"),
        (("compact_face", "--jobs", "2"), "give --seeds or --folds"),
    ],
)
def test_a_wrong_call_is_refused_with_the_right_one(words, message, monkeypatch):
    monkeypatch.delenv("AFFEKT_DATA", raising=False)
    assert re.search(message, refused(*words))


def test_a_folder_without_what_is_needed_is_refused_with_the_next_step(
    folder, draw_picture, tmp_path, caplog
):
    given = ("compact_face", *TINY, "--runs", tmp_path / "runs", "--data-root")
    (tmp_path / "empty").mkdir()
    assert "holds no file that affekt can be trained on" in refused(*given, tmp_path / "empty")
    assert "1.jpg, or parts around them" in refused(*given, tmp_path / "nowhere")
    for number in range(8):
        draw_picture(tmp_path / f"one person/{'ab'[number % 2]}/sub-ann_{number}.png", number, 0)
        for name in "ab":
            path = tmp_path / f"broken/{name}/{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("no picture")
    assert "all samples are of the subject ann" in refused(*given, tmp_path / "one person")
    broken = refused(*given, tmp_path / "broken")
    assert "none of" in broken and "training samples can be read" in broken and "poster_v2" not in broken
    few = refused(*given, folder, "--set", "train.batch_size=500")
    assert "19 training samples do not fill a batch" in few and "--set train.batch_size=8" in few
    assert few == refused(*given, folder, "--set", "train.batch_size=500", "--resume")
    assert "19 training" in refused(*given, folder, "--set", "train.batch_size=500", "--seeds", "0,1")
    left = [*(tmp_path / "runs").rglob("recipe.toml"), *(tmp_path / "runs").glob("training/*")]
    assert not left  # no run that could not be continued
    assert "run: " not in caplog.text and "error ended" not in caplog.text
    (tmp_path / "lines.csv").write_text("text,label\nwell,joy\n")
    assert "skeleton" not in refused("spcl", "--data-root", tmp_path / "lines.csv")
    sounds = refused("compact_voice", "--data-root", folder)
    assert "30 pictures, which these read: affekt train compact_face, affekt train poster_v2" in sounds


def test_each_recipe_for_own_files_holds_out_a_test_part_and_leaves_the_classes_to_the_data():
    found = own_recipes()
    assert {"bpm_gcn", "compact_face", "compact_text", "compact_voice", "vaanet"} <= {
        one.method for one in found
    }
    for one in found:
        recipe = Recipe.load([one.method])
        assert (recipe.method, recipe.data.name) == tuple(one)
        assert recipe.split.test_share and recipe.split.keep_stated_test
        assert "num_classes" not in recipe.config


def test_files_are_matched_with_the_methods_that_read_them(tmp_path):
    (tmp_path / "a.wav").touch()
    assert "1 sound file, which these read: affekt train compact_voice (" in methods_for(tmp_path)
    (tmp_path / "b.mp4").touch()
    (tmp_path / "c.mp4").touch()
    assert "2 videos, which these read: affekt train compact_voice" in methods_for(tmp_path)
    assert methods_for(tmp_path, but=("clips",)) == "" and methods_for(Path("nowhere")) == ""


@pytest.mark.parametrize("text", ["", "1,1", "3-1", "-1", "0-5000", "1.5"])
def test_seeds_that_are_none_are_refused(text):
    with pytest.raises(UsageError):
        read_seeds(text)


def test_folds_are_all_or_a_number():
    assert [read_folds(text, usual=5) for text in ("all", "3")] == [5, 3]
