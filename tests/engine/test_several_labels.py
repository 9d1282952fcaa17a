"""Several labels per sample, from training to a bundle: thresholds, tables, files, predictions, weights."""

import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

import affekt
from affekt.core.dataset import Corpus
from affekt.core.errors import DataError, UsageError
from affekt.core.labels import label_set
from affekt.core.sample import Sample
from affekt.core.task import find_task
from affekt.data.open import open_dataset
from affekt.deploy.runtime.predictor import Predictor
from affekt.engine.runs.run import open_run
from affekt.media.skeleton import JOINT_ORDERS
from affekt.metrics.multi_label import multi_label_scores
from affekt.starters.find import FOLDER as STARTERS
from affekt.tasks.multi_label import MultiLabelScorer
from affekt.tasks.single_label import SingleLabelScorer

REPOSITORY = Path(__file__).parents[2]
NAMES = ("happy", "sad", "angry", "neutral")
LABELS = label_set("gait-4")


def write_walks(folder, walks=40, seed=0):
    """Copies of one walk in the layout of `bpm_gcn_arrays`; each emotion moves its own joints."""
    rng = np.random.default_rng(seed)
    (sample, *_) = open_dataset("walkers", None, {"walkers": 12, "walks_per_emotion": 1}).samples
    walk = sample.media["skeleton"]
    order = [walk.joints.index(name) for name in JOINT_ORDERS["bpm_gcn"]]
    body = np.resize(walk.positions, (48, *walk.positions.shape[1:]))[:, order].transpose(2, 0, 1)
    for part in ("train", "test"):
        labels = (rng.random((walks, 4)) < (0.6, 0.4, 0.3, 0.2)).astype(int)
        labels[~labels.any(axis=1), 0] = 1
        time = np.arange(48) / 48
        joints = body[None, ..., None] + rng.normal(0, 0.005, (walks, 3, 48, 16, 1))
        for k in range(4):
            swing = 0.05 * np.sin(2 * np.pi * (k + 1) * time)[None, :, None, None]
            joints[:, k % 3, :, 4 * k : 4 * k + 4] += labels[:, k, None, None, None] * swing
        np.save(folder / f"{part}_joint.npy", joints.astype(np.float32))
        np.save(folder / f"{part}_label.npy", labels)
    return folder


@pytest.fixture(scope="module")
def walks(tmp_path_factory):
    return write_walks(tmp_path_factory.mktemp("walks"))


@pytest.fixture(scope="module")
def run(walks, tmp_path_factory):
    recipe = affekt.Recipe.from_values(
        {
            "method": "bpm_gcn",
            "data": {"name": "bpm_gcn_arrays"},
            "config": {"width": 8, "depths": [1, 1, 1], "clip_frames": 16, "affective": False},
            "optimizer": {"name": "adam", "lr": 1e-2},
            "train": {"epochs": 3, "batch_size": 8, "threads": 1},
        }
    )
    return affekt.train(recipe, data_root=walks, runs=tmp_path_factory.mktemp("runs"), progress=False).path


@pytest.fixture(scope="module")
def result(run, walks, tmp_path_factory):
    return affekt.evaluate(run, data_root=walks, folder=tmp_path_factory.mktemp("evaluation"))


def test_training_fits_a_temperature_and_a_threshold_for_each_class(run):
    calibration = open_run(run).calibration
    assert list(calibration["thresholds"]) == list(NAMES)
    assert all(0 < value < 1 for value in calibration["thresholds"].values())
    assert len(set(calibration["thresholds"].values())) > 1
    assert calibration["temperature"] > 0 and 0 <= calibration["ece_after"] <= 1
    assert (run / "figures" / "classes-validation.png").is_file()
    assert json.loads((run / "result.json").read_text())["calibration"] == calibration


def test_tables_are_computed_from_decisions_by_threshold(run, walks, result):
    thresholds = open_run(run).calibration["thresholds"]
    with (result.folder / "predictions.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    truth = np.load(walks / "test_label.npy")
    assert [row["true"].split("|") for row in rows] == [
        [name for name, given in zip(NAMES, labels, strict=True) if given] for labels in truth
    ]
    decided = {name: [name in row["predicted"].split("|") for row in rows] for name in NAMES}
    for k, one in enumerate(result.per_class):
        name = one["class"]
        assert decided[name] == [float(row[name]) >= thresholds[name] for row in rows]
        hits = sum(np.logical_and(decided[name], truth[:, k] == 1))
        assert one["threshold"] == thresholds[name] and one["count"] == truth[:, k].sum()
        assert one["recall"] == pytest.approx(hits / truth[:, k].sum())
        assert one["precision"] == pytest.approx(hits / max(sum(decided[name]), 1))
    assert any("|" in row["predicted"] for row in rows)


def test_an_evaluation_has_scores_intervals_calibration_and_figures(run, result):
    assert {
        "accuracy",
        "uar",
        "macro_f1",
        "micro_f1",
        "weighted_f1",
        "mean_precision",
        "map",
        "ece",
        "nll",
    } == set(result.scores)
    for name, (low, high) in result.intervals.items():
        assert 0 <= low <= result.scores[name] <= high <= 1
    assert set(result.intervals) == {
        "accuracy",
        "uar",
        "macro_f1",
        "micro_f1",
        "weighted_f1",
        "mean_precision",
    }
    assert result.interval_over == "items"
    assert result.confusion.size == 0
    for name in ("classes.png", "reliability.png", "scores.json", "predictions.parquet"):
        assert (result.folder / name).stat().st_size > 0
    assert not (result.folder / "confusion.png").exists()


def test_a_bundle_uses_the_thresholds_of_its_run(run, walks, tmp_path):
    bundle = affekt.export(run, tmp_path / "walks.affekt", data_root=walks).bundle
    predictor = Predictor.open(bundle)
    thresholds = predictor.calibration.thresholds
    assert thresholds == open_run(run).calibration["thresholds"]
    sample = Sample("one", {"skeleton": corpus_of(walks).samples[0].media["skeleton"]})
    answer = predictor(sample)
    chosen = [name for name in NAMES if answer.scores[name] >= thresholds[name]]
    assert sorted(answer.labels) == sorted(chosen)
    assert list(answer.labels) == sorted(answer.labels, key=lambda name: -answer.scores[name])
    assert answer.to_dict()["labels"] == answer.labels


def corpus_of(walks):
    return open_dataset("bpm_gcn_arrays", walks)


def test_a_prediction_of_a_single_label_has_no_list_of_labels():
    predictor = Predictor.open(STARTERS / "compact_face")
    assert predictor(np.zeros((48, 48, 3), np.uint8)).labels == ()


def test_a_network_for_a_single_label_is_not_scored_on_several_labels(trained_run, walks, tmp_path):
    with pytest.raises(UsageError, match="with single_label, but bpm_gcn_arrays asks for multi_label"):
        affekt.evaluate(trained_run, data="bpm_gcn_arrays", data_root=walks, folder=tmp_path)


@pytest.mark.parametrize("make", [SingleLabelScorer, MultiLabelScorer])
def test_an_epoch_with_outputs_that_are_not_finite_is_never_the_best(make):
    scorer = make()
    target = np.eye(3) if make is MultiLabelScorer else np.arange(3)
    scorer.add({"logits": np.full((3, 3), np.nan)}, {"label": target})
    broken = scorer.scores()
    scorer.add({"logits": np.zeros((3, 3))}, {"label": target})
    good = scorer.scores()
    assert broken.keys() == good.keys()
    assert broken["loss"] > good["loss"] and broken["accuracy"] <= good["accuracy"]


# ---- weights of labels


def sample(weights, label=None):
    return Sample("walk-7", {}, label, label_weights=weights)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"happy": -1.0, "sad": 2.0}, "happy = -1"),
        ({"happy": math.nan}, "happy = nan"),
        ({"happy": math.inf}, "happy = inf"),
        ({"happy": 0.0, "sad": 0.0}, "sum to 0"),
        ({"happy": -1.0, "sad": 1.0}, "happy = -1"),
        ({"joyful": 1.0}, "joyful"),
    ],
)
def test_invalid_votes_are_refused_and_the_sample_is_named(weights, message):
    for read in (
        lambda: Corpus([sample(weights)], LABELS),
        lambda: find_task("single_label").targets([sample(weights)], LABELS),
    ):
        with pytest.raises(DataError, match="sample walk-7") as raised:
            read()
        assert message in str(raised.value)


@pytest.mark.parametrize("value", [-0.5, 1.5, math.nan])
def test_a_label_weight_outside_0_to_1_is_refused(value):
    with pytest.raises(DataError, match=f"walk-7: label weights have to be 0 to 1, found sad = {value}"):
        find_task("multi_label").targets([sample({"happy": 1.0, "sad": value})], LABELS)


def test_a_sample_may_have_none_of_several_labels():
    targets = find_task("multi_label").targets(
        [sample({"happy": 0.0}), sample({}), sample({"sad": 1.0})], LABELS
    )
    assert targets.tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [0, 1, 0, 0]]


@pytest.mark.parametrize("weights", [None, {}])
def test_a_sample_without_a_label_has_no_target(weights):
    with pytest.raises(DataError, match="walk-7 has no label"):
        find_task("single_label").targets([sample({"sad": 1.0}), sample(weights)], LABELS)


def test_votes_become_shares():
    targets = find_task("single_label").targets(
        [sample({"happy": 3.0, "sad": 1.0}), sample(None, "angry")], LABELS
    )
    assert targets.tolist() == [[0.75, 0.25, 0, 0], [0, 0, 1, 0]]


def test_scores_of_an_epoch_use_the_threshold_one_half():
    truth, probability = np.array([[1, 0]]), np.array([[0.5, 0.49]])
    assert multi_label_scores(truth, probability)["accuracy"] == 1
