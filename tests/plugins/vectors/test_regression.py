"""Ratings are trained on, scored, exported and predicted like labels."""

import csv
import json

import numpy as np
import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import ConfigError, DataError, ExportError
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample
from affekt.core.task import find_task
from affekt.deploy.export.export import export
from affekt.deploy.load import load
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate
from affekt.tasks.regression.task import RegressionScorer

VALUES = {
    "method": "tiny_vectors",
    "data": {"name": "tiny_ratings"},
    "config": {"num_classes": 2},
    "optimizer": {"lr": 0.03},
    "selection": {"metric": "ccc"},
    "train": {"epochs": 4, "batch_size": 16, "threads": 1},
}
LABELS = LabelSet.of("valence", "arousal")


@pytest.fixture(scope="module")
def run(plugins, tmp_path_factory):
    return train(Recipe.from_values(VALUES), runs=tmp_path_factory.mktemp("runs"), progress=False)


@pytest.fixture(scope="module")
def rating_bundle(run, tmp_path_factory):
    return export(run.path, tmp_path_factory.mktemp("bundle") / "b").bundle


def test_a_training_on_ratings_selects_by_concordance(run):
    rows = run.metrics()
    best = max(rows, key=lambda row: row["validation/ccc"])
    assert run.result["best_epoch"] == best["epoch"]
    assert best["validation/ccc"] > 0.5
    assert run.result["samples"]["test"] == 24


def test_a_sample_without_ratings_is_left_out(run):
    assert "unrated" not in {item.id for item in run.identity.items}


def test_an_evaluation_scores_each_dimension(run):
    result = evaluate(run.path)
    assert result.scores["ccc"] == pytest.approx(
        np.mean([result.scores["ccc/valence"], result.scores["ccc/arousal"]])
    )
    low, high = result.intervals["ccc"]
    assert low < result.scores["ccc"] < high
    assert [row["class"] for row in result.per_class] == ["valence", "arousal"]


def test_ratings_that_the_network_does_not_answer_are_left_out(run, tmp_path):
    from dataclasses import replace

    from affekt.data.open import open_dataset

    samples = [one for one in open_dataset("tiny_ratings").samples if one.split == "test"]
    more = [replace(one, values={"dominance": 9.0, **one.values}) for one in samples]
    predictor, task = load(run.path), find_task("regression")
    plain = task.evaluate(predictor, samples, LABELS, tmp_path)
    scored = task.evaluate(predictor, more, LabelSet.of("dominance", "valence", "arousal"), tmp_path)
    assert scored.scores == plain.scores and scored.samples == plain.samples
    assert scored.label_map["dominance"] is None
    with pytest.raises(DataError, match="no ratings of arousal"):
        task.evaluate(predictor, samples, LabelSet.of("valence"), tmp_path)


def test_a_bundle_predicts_ratings_by_name(run, rating_bundle):
    sample = Sample("a", {"audio": np.array([1.0, 0.5, -0.5, 0.0], np.float32)})
    (answer,) = load(rating_bundle, backend="onnxruntime").predict([sample])
    (eager,) = load(run.path).predict([sample])
    assert set(answer.values) == {"valence", "arousal"}
    assert answer.values == pytest.approx(eager.values, abs=1e-4)
    assert (answer.label, answer.confidence, answer.scores) == ("", None, {})
    json.dumps(answer.to_dict())


@pytest.fixture(scope="module")
def convolutions(plugins, tmp_path_factory):
    """A run of a network with a convolution, on ratings."""
    values = {**VALUES, "config": {"num_classes": 2, "convolution": True}}
    return train(Recipe.from_values(values), runs=tmp_path_factory.mktemp("runs"), progress=False)


def test_ratings_in_int8_stay_near_those_in_floating_point(convolutions, tmp_path):
    exported = export(convolutions.path, tmp_path / "small", int8=True)
    gate = exported.int8
    assert set(gate["before"]) == set(gate["after"]) == {"ccc"}
    assert gate["before"]["ccc"] - gate["after"]["ccc"] <= 0.01
    small = load(exported.bundle, backend="onnxruntime")
    assert small.document["precision"] == "int8 (convolutions)"
    # The width of prediction intervals is fitted on the answers of the int8 graph.
    assert set(small.calibration.interval.reach) == {"valence", "arousal"}
    sample = Sample("a", {"audio": np.array([1.0, 0.5, -0.5, 0.0], np.float32)})
    (answer,), (whole,) = small.predict([sample]), load(convolutions.path).predict([sample])
    assert answer.values == pytest.approx(whole.values, abs=0.05) and answer.values != whole.values


def test_int8_of_ratings_is_refused_where_concordance_falls(convolutions, tmp_path, monkeypatch):
    from affekt.deploy.export import quantize

    monkeypatch.setattr(quantize, "ALLOWED_DROP", -2.0)
    with pytest.raises(ExportError, match=r"in int8 ccc falls from .* no bundle was written"):
        export(convolutions.path, tmp_path / "small", int8=True)


def test_int8_of_a_network_without_convolutions_or_tokens_is_refused_with_the_reason(run, tmp_path):
    with pytest.raises(ExportError, match="the graph has no convolution, and no product of tokens"):
        export(run.path, tmp_path / "small", int8=True)


def test_predicted_ratings_are_columns_of_a_table(rating_bundle, tmp_path):
    from affekt.deploy.runtime.output import writer_for

    sample = Sample("a", {"audio": np.ones(4, np.float32)})
    answers = list(load(rating_bundle, backend="onnxruntime").predict([sample]))
    writer_for(tmp_path / "a.csv")(tmp_path / "a.csv", answers, [])
    (row,) = csv.DictReader((tmp_path / "a.csv").read_text().splitlines())
    assert float(row["valence"]) == pytest.approx(answers[0].values["valence"])
    assert "label" not in row


@pytest.mark.parametrize("name", ["a.srt", "a.eaf", "a.html"])
def test_ratings_of_a_whole_input_are_not_written_as_a_timeline(rating_bundle, tmp_path, name):
    from affekt.core.errors import UsageError
    from affekt.deploy.runtime.output import writer_for

    answers = list(load(rating_bundle, backend="onnxruntime").predict([Sample("a", {"audio": np.ones(4)})]))
    with pytest.raises(UsageError, match="have no label"):
        writer_for(tmp_path / name)(tmp_path / name, answers, [])


def test_prediction_intervals_are_fitted_over_items_where_one_subject_is_held_out(run):
    fitted = run.calibration["interval"]
    assert set(fitted["reach"]) == {"valence", "arousal"} and fitted["level"] == 0.9
    assert fitted["over"] == "items" and "does not apply to new subjects" in fitted["note"]


def test_prediction_intervals_are_kept_by_the_bundle_and_are_around_the_rating(run, rating_bundle):
    sample = Sample("a", {"audio": np.array([1.0, 0.5, -0.5, 0.0], np.float32)})
    predictor = load(rating_bundle, backend="onnxruntime")
    assert predictor.calibration.interval == load(run.path).calibration.interval
    (answer,) = predictor.predict([sample])
    reach = run.calibration["interval"]["reach"]
    for name, value in answer.values.items():
        low, high = answer.interval[name]
        assert (low, high) == pytest.approx((value - reach[name], value + reach[name]))
    assert answer.interval_level == 0.9
    shown = find_task("regression").shown(answer)
    assert list(shown)[:3] == ["valence", "valence_low", "valence_high"]


def test_an_evaluation_measures_the_coverage_of_prediction_intervals(run):
    result = evaluate(run.path)
    low, high = result.intervals["interval_coverage"]
    assert low <= result.scores["interval_coverage"] <= high
    assert result.scores["interval_width"] > 0
    assert any("prediction intervals are of 90%" in note for note in result.notes)


def test_a_constant_network_has_no_pearson_and_a_note_says_so(run, tmp_path):
    from dataclasses import replace

    from affekt.data.open import open_dataset

    class Constant:
        def __call__(self, batch):
            return self.outputs(batch)["logits"]

        def outputs(self, batch):
            return {"logits": np.full((len(next(iter(batch.values()))), 2), 0.5, np.float32)}

    samples = [one for one in open_dataset("tiny_ratings").samples if one.split == "test"]
    constant = replace(load(run.path), network=Constant())
    result = find_task("regression").evaluate(constant, samples, LABELS, tmp_path)
    assert "pearson" not in result.scores and "pearson" not in result.intervals
    assert result.scores["ccc"] == pytest.approx(0, abs=1e-9)
    assert [row["pearson"] for row in result.per_class] == [None, None]
    assert "valence: Pearson's correlation is not defined, because the predicted ratings are all equal" in (
        result.notes
    )


def test_validation_counts_an_undefined_correlation_as_the_worst():
    scorer = RegressionScorer()
    scorer.add({"logits": np.ones((3, 2))}, {"label": np.arange(6.0).reshape(3, 2)})
    assert scorer.scores()["pearson"] == -1


SCALED = LabelSet.of("sentiment", scale=(-3.0, 3.0))


def test_ratings_beyond_the_scale_are_refused():
    with pytest.raises(DataError, match="sentiment = 4 is outside the scale of -3 to 3"):
        find_task("regression").check(Sample("a", {}, values={"sentiment": 4.0}), SCALED)


def test_ratings_of_two_scales_are_not_compared(run, tmp_path):
    from dataclasses import replace

    predictor = replace(load(run.path), labels=LabelSet.of("valence", "arousal", scale=(-1.0, 1.0)))
    labels = LabelSet.of("valence", "arousal", scale=(-3.0, 3.0))
    with pytest.raises(DataError, match="from -3 to 3, the network from -1 to 1"):
        find_task("regression").evaluate(predictor, [], labels, tmp_path)


@pytest.mark.parametrize(("name", "folder"), [("l1", "absolute_error"), ("ccc", "concordance_error")])
def test_the_loss_is_chosen_by_name_and_named_in_the_folder(plugins, tmp_path, name, folder):
    values = {**VALUES, "loss": {"name": name}, "train": {**VALUES["train"], "epochs": 6}}
    found = train(Recipe.from_values(values), runs=tmp_path, progress=False)
    assert folder in found.path.parts[-3]
    assert max(row["validation/ccc"] for row in found.metrics()) > 0.5


def test_the_command_line_scores_ratings(run):
    done = CliRunner().invoke(app, ["evaluate", str(run.path)])
    assert done.exit_code == 0, done.output
    assert "ccc/valence" in done.stdout and "mean absolute error" in done.stdout


def test_data_check_counts_ratings_as_annotations():
    done = CliRunner().invoke(app, ["data", "check", "tiny_ratings", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["splits"]["test"]["unlabelled"] == 0
    assert not any("no sample is labelled" in text for text in found["problems"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"config": {"num_classes": 3}}, "config.num_classes is 3"),
        ({"selection": {"metric": "uar"}}, "use 'ccc'"),
        ({"train": {"sampler": "balanced"}}, "train.sampler: regression has no classes"),
        ({"loss": {"class_weights": "balanced"}}, "loss.class_weights: regression has no classes"),
        ({"loss": {"name": "focal"}}, "loss.name = 'focal' is not a loss of regression: use one of mse, l1"),
        ({"loss": {"label_smoothing": 0.1}}, "loss.label_smoothing: regression has no classes"),
    ],
)
def test_settings_of_classes_do_not_go_with_ratings(change, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        train(Recipe.from_values({**VALUES, **change}), runs=tmp_path, progress=False)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"valence": 0.5}, r"ratings are of \['valence'\]"),
        ({"valence": 0.5, "arousal": float("nan")}, "ratings have to be finite"),
    ],
)
def test_incomplete_ratings_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        find_task("regression").check(Sample("a", {}, values=values), LABELS)


def test_views_of_a_sample_are_averaged():
    task = find_task("regression")
    logits = np.array([[1.0, 0.0], [3.0, 2.0], [5.0, 5.0]])
    assert task.mean_logits(logits, [2, 1]).tolist() == [[2.0, 1.0], [5.0, 5.0]]


def test_a_bundle_of_ratings_is_measured_like_any_other(rating_bundle, bench_jobs):
    lines = bench_jobs(rating_bundle)
    assert lines["probe"][0]["bundle"]["task"] == "regression"
    assert lines["count"][0]["multiply_adds"] > 0 and lines["turns"]
