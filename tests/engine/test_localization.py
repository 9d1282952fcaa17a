"""Training of a localization network: from annotated points to scores per class."""

import csv
import json
import tomllib

import numpy as np
import pytest

import affekt
from affekt.core import catalog
from affekt.core.errors import ConfigError, DataError, UsageError
from affekt.core.recipe import Recipe, SplitSettings
from affekt.core.sample import Sample
from affekt.core.segment import Point, Segment
from affekt.engine.experiment import make_network, open_corpus
from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
from affekt.engine.splits import check_splits, part
from affekt.engine.weights.checkpoint import training_weights
from affekt.methods.tsl_net.objective import TSLNetObjective
from affekt.metrics.detection import TSL_THRESHOLDS

pytestmark = pytest.mark.xdist_group("long")

NAMES = ("negative", "positive")
TERMS = ("video", "point", "background", "foreground", "contrast")


def test_each_epoch_reports_all_loss_terms_and_scores_by_class_name(long_run):
    rows = [json.loads(line) for line in (long_run / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]
    for row in rows:
        assert row["train/loss"] == pytest.approx(sum(row[f"train/{name}"] for name in TERMS), rel=1e-4)
        by_class = [row[f"validation/ap/{name}"] for name in NAMES]
        assert row["validation/map"] == pytest.approx(np.mean(by_class), abs=1e-6)
        by_overlap = [row[f"validation/map@{threshold:g}"] for threshold in TSL_THRESHOLDS]
        assert row["validation/map"] == pytest.approx(np.mean(by_overlap), abs=1e-6)
    result = json.loads((long_run / "result.json").read_text())
    assert result["best_epoch"] == 1 + int(np.argmax([row["validation/map"] for row in rows]))
    assert result["samples"] == {"train": 4, "validation": 2, "test": 2}
    assert "selected_on" not in result


def test_an_evaluation_scores_classes_by_name_and_writes_a_row_for_each_segment(long_run, tmp_path):
    record = long_run / "evaluation" / "record.jsonl"
    before = len(record.read_text().splitlines()) if record.exists() else 0
    result = affekt.evaluate(long_run, folder=tmp_path)
    assert result.samples == 2 and not result.skipped
    assert result.scores["map"] == pytest.approx(np.mean([result.scores[f"ap/{name}"] for name in NAMES]))
    low, high = result.intervals["map"]
    assert low <= result.scores["map"] <= high
    assert [one["class"] for one in result.per_class] == list(NAMES)

    corpus = open_corpus(Recipe.load([long_run / "recipe.toml"]), None)
    tests = {sample.id: sample for sample in corpus.samples if sample.split == "test"}
    for one in result.per_class:
        stated = [it for sample in tests.values() for it in sample.segments if it.label == one["class"]]
        assert one["count"] == len(stated)
    with (tmp_path / "predictions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["id", "start_s", "end_s", "label", "score"]
    assert len(rows) == sum(one["found"] for one in result.per_class) == len(result.predictions)
    for row in rows:
        assert row["label"] in NAMES
        # Curves are extrapolated beyond the last cell, by one cell at most.
        assert 0 <= float(row["start_s"]) < float(row["end_s"]) < tests[row["id"]].facts["duration_s"] + 1.3
    assert (tmp_path / "average-precision.png").stat().st_size > 1000
    assert json.loads((tmp_path / "scores.json").read_text())["scores"] == result.scores
    lines = [json.loads(line) for line in record.read_text().splitlines()]
    assert len(lines) == before + 1
    assert lines[-1] == lines[-1] | {"data": "long_shapes", "split": "test", "samples": 2}
    assert lines[-1]["scores"] == result.scores


# Killed


class Killed(Exception):
    """Stands for a machine that goes down."""


def test_a_run_that_was_killed_between_two_steps_is_resumed_bit_for_bit(run_long, tmp_path, monkeypatch):
    """Four videos per epoch, one step per three videos: it is killed with gradients of two in memory."""
    straight = run_long(tmp_path / "straight", train={"epochs": 3})
    forward, seen = TSLNetObjective.forward, []

    def dying(self, model, batch):
        seen.append(batch)
        if len(seen) == 2 * 4 + 3:
            raise Killed
        return forward(self, model, batch)

    monkeypatch.setattr(TSLNetObjective, "forward", dying)
    with pytest.raises(Killed):
        run_long(tmp_path / "killed", train={"epochs": 3})
    monkeypatch.undo()
    killed = run_long(tmp_path / "killed", resume=True, train={"epochs": 3})
    assert [row["epoch"] for row in killed.metrics()] == [1, 2, 3]
    for file in ("metrics.jsonl", "result.json", "calibration.json"):
        assert (straight.path / file).read_bytes() == (killed.path / file).read_bytes()
    for name in ("model.safetensors", "trainer.safetensors", "trainer.json"):
        for which in ("last", "best"):
            ours, theirs = (run.path / "checkpoints" / which / name for run in (straight, killed))
            assert ours.read_bytes() == theirs.read_bytes()


# Rates


def test_the_audio_part_has_its_own_learning_rate(run_long, tmp_path):
    run = run_long(
        tmp_path,
        optimizer={"lr": 1e-3, "rates": {"audio": 10.0}},
        train={"epochs": 1, "accumulate": 4},  # one step; the first step of Adam has the length of the rate
    )
    recipe = run.recipe
    method = catalog.method(recipe.method)
    before = make_network(recipe, method, method.make_config(recipe.config)).state_dict()
    after = training_weights(run.last)
    moved = {
        name: float((after[name] - value).abs().max())
        for name, value in before.items()
        if value.is_floating_point() and "running" not in name
    }
    for name, distance in moved.items():
        assert distance < (1.01e-2 if name.startswith("audio.") else 1.01e-3)
    for name in ("audio.stem.conv.weight", "audio.blocks.1.mix.weight"):
        assert moved[name] == pytest.approx(1e-2, rel=0.01)
    for name in ("visual_align.weight", "fuse.weight", "frames.network.stem.conv.weight"):
        assert moved[name] == pytest.approx(1e-3, rel=0.01)
    (state,) = FolderCheckpointIO().load_checkpoint(run.last)["optimizer_states"]
    rest, audio = state["param_groups"]
    assert (rest["lr"], audio["lr"]) == pytest.approx((1e-3, 1e-2))
    assert len(audio["params"]) == sum(name.startswith("audio.") for name in moved)
    assert tomllib.loads((run.path / "recipe.toml").read_text())["optimizer"]["rates"] == {"audio": 10.0}


def test_a_rate_of_an_unknown_part_is_refused_and_the_known_parts_are_listed(run_long, tmp_path):
    with pytest.raises(
        ConfigError, match=r"optimizer\.rates\.sound: no parameter has this name; found audio"
    ):
        run_long(tmp_path, optimizer={"rates": {"sound": 10.0}})


# Which part selects


def test_a_run_that_selects_on_the_test_part_states_this(run_long, tmp_path):
    run = run_long(tmp_path, split={"validate_on_test": True}, train={"epochs": 1})
    result = json.loads((run.path / "result.json").read_text())
    assert result["selected_on"] == "test"
    assert result["samples"] == {"train": 6, "validation": 2, "test": 2}
    assert tomllib.loads((run.path / "recipe.toml").read_text())["split"]["validate_on_test"] is True
    scores = affekt.evaluate(run.path, folder=tmp_path / "test").scores
    for name, value in result["validation"].items():
        assert scores[name] == pytest.approx(value, abs=1e-6), name


def annotated(name, subject, split):
    return Sample(
        name,
        {},
        subject=subject,
        split=split,
        segments=(Segment(1.0, 2.0, "positive"),),
        points=(Point(1.5, "positive"),),
    )


@pytest.mark.parametrize("leaks", [False, True])
def test_selecting_on_the_test_part_refuses_a_subject_in_training_and_test(leaks):
    subjects = {"a": ("one", "train"), "b": ("two", "validation"), "c": ("three", "test")}
    if leaks:
        subjects["d"] = ("three", "train")
    samples = [annotated(name, *place) for name, place in subjects.items()]
    parts = part(samples, SplitSettings(validate_on_test=True))
    assert parts.validation == parts.test == [samples[2]]
    if not leaks:
        check_splits(parts)
        return
    with pytest.raises(DataError, match="1 subject is in both train and validation, such as three"):
        check_splits(parts)


# What does not fit


def recipe_of(**changes):
    values = {"method": "tsl_net", "data": {"name": "long_shapes"}, "selection": {"metric": "map"}}
    return Recipe.from_values(values | changes)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"method": "vaanet", "config": {"num_classes": 2}, "selection": {}},
            "long_shapes asks for localization; vaanet serves single_label, multi_label",
        ),
        (
            {"data": {"name": "moving_shapes"}, "config": {"num_classes": 4}},
            "moving_shapes asks for single_label; tsl_net serves localization",
        ),
        (
            {"selection": {"metric": "uar"}},
            "selection.metric = 'uar' is not a score of localization: use 'map', or one of map, recall",
        ),
        (
            {"method": "vaanet", "data": {"name": "moving_shapes"}, "config": {"num_classes": 4}},
            "selection.metric = 'map' is not a score of single_label: use 'uar', or one of accuracy, uar, "
            "macro_f1, weighted_f1, loss",
        ),
    ],
)
def test_a_recipe_whose_task_does_not_fit_is_refused_with_advice(changes, problem):
    with pytest.raises(ConfigError) as caught:
        open_corpus(recipe_of(**changes), None)
    assert caught.value.problems == (problem,)


def test_a_wrong_number_of_classes_is_reported_before_a_wrong_task():
    with pytest.raises(ConfigError, match=r"config\.num_classes is 2, the data set has 4 classes"):
        recipe_of(data={"name": "moving_shapes"}, config={"num_classes": 2})


def test_networks_are_not_evaluated_on_data_of_another_task(long_run, clip_run):
    with pytest.raises(
        UsageError, match="answers with localization, but moving_shapes asks for single_label"
    ):
        affekt.evaluate(long_run, data="moving_shapes")
    with pytest.raises(UsageError, match="answers with single_label, but long_shapes asks for localization"):
        affekt.evaluate(clip_run, data="long_shapes")
