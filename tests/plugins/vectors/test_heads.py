"""A network with two heads is trained, scored, exported and predicted like one with a single head."""

import csv
import json
import pickle

import numpy as np
import onnx
import pytest
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import ConfigError, DataError, UsageError
from affekt.core.labels import LabelSet, label_set
from affekt.core.recipe import Recipe
from affekt.core.sample import Annotation, Sample
from affekt.core.task import Head, find_task, read_task
from affekt.data.open import open_dataset
from affekt.deploy.export.export import export
from affekt.deploy.load import load
from affekt.deploy.runtime.output import writer_for
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate
from affekt.tasks.heads import Heads

VALUES = {
    "method": "tiny_two",
    "data": {"name": "tiny_two_heads"},
    "optimizer": {"lr": 0.03},
    "train": {"epochs": 6, "batch_size": 16, "threads": 1},
}
MOOD = Head("mood", find_task("single_label"), label_set("sentiment-3"), "logits")
RATING = Head("rating", find_task("regression"), LabelSet.of("valence"), "valence")
STATES = Head("states", find_task("multi_label"), LabelSet.of("calm", "tense"), "states")


@pytest.fixture(scope="module")
def run(plugins, tmp_path_factory):
    return train(Recipe.from_values(VALUES), runs=tmp_path_factory.mktemp("runs"), progress=False)


@pytest.fixture(scope="module")
def two_bundle(run, tmp_path_factory):
    return export(run.path, tmp_path_factory.mktemp("bundle") / "b").bundle


def test_a_training_scores_both_heads_and_selects_by_the_first(run):
    rows = run.metrics()
    best = max(rows, key=lambda row: row["validation/uar"])
    assert run.result["best_epoch"] == best["epoch"]
    assert best["validation/uar"] > 0.5
    assert best["validation/rating/ccc"] > 0.5
    assert {"train/emotion", "train/rating"} <= set(best)
    assert run.calibration["temperature"] > 0
    assert run.calibration["heads"]["rating"]["interval"]["reach"]["valence"] > 0


def test_a_score_of_a_further_head_can_select(plugins, tmp_path):
    recipe = Recipe.from_values({**VALUES, "selection": {"metric": "rating/ccc"}})
    run = train(recipe, runs=tmp_path, progress=False)
    best = max(run.metrics(), key=lambda row: row["validation/rating/ccc"])
    assert run.result["best_epoch"] == best["epoch"]


def test_a_sample_without_the_annotation_of_a_head_is_left_out(run):
    assert "unrated" not in {item.id for item in run.identity.items}


def test_an_evaluation_has_scores_and_columns_of_both_heads(run, two_bundle):
    result = evaluate(run.path)
    assert result.scores["uar"] > 0.4
    assert result.scores["rating/ccc"] > 0.4
    assert {"uar", "rating/ccc"} <= set(result.intervals)
    assert result.samples == len(result.predictions) == 24
    assert {"true", "predicted", "rating_true_valence", "rating_valence"} <= set(result.predictions[0])
    exported = evaluate(two_bundle)
    assert exported.scores == pytest.approx(result.scores, abs=1e-3)


def test_a_bundle_has_both_outputs_and_predicts_both(run, two_bundle):
    graph = onnx.load(two_bundle / "model.onnx").graph
    assert [output.name for output in graph.output] == ["logits", "valence"]
    assert json.loads((two_bundle / "affekt.json").read_text())["task"][1]["output"] == "valence"
    samples = [
        Sample("a", {"audio": np.ones(4, np.float32)}),
        Sample("b", {"audio": np.full(4, np.nan)}),
        Sample("c", {"audio": -np.ones(4)}),
    ]
    answers = list(load(two_bundle, backend="onnxruntime").predict(samples))
    eager = list(load(run.path).predict(samples))
    for place in (0, 2):
        answer, expected = answers[place], eager[place]
        assert answer.id == samples[place].id
        assert answer.scores == pytest.approx(expected.scores, abs=1e-4)
        assert answer.heads["rating"].values == pytest.approx(expected.heads["rating"].values, abs=1e-4)
        assert (answer.task, answer.heads["rating"].task) == ("single_label", "regression")
    assert answers[1].id == "b" and "scores" not in dir(answers[1])
    assert json.loads(json.dumps(answers[0].to_dict()))["heads"]["rating"]["values"]


def test_predictions_of_both_heads_are_columns_of_a_table(two_bundle, tmp_path):
    answers = list(load(two_bundle, backend="onnxruntime").predict([Sample("a", {"audio": np.ones(4)})]))
    writer_for(tmp_path / "a.csv")(tmp_path / "a.csv", answers, [])
    (row,) = csv.DictReader((tmp_path / "a.csv").read_text().splitlines())
    assert row["label"] == answers[0].label
    assert float(row["rating_valence"]) == pytest.approx(answers[0].heads["rating"].values["valence"])


def test_the_command_line_shows_both_heads(run):
    done = CliRunner().invoke(app, ["evaluate", str(run.path)])
    assert done.exit_code == 0, done.output
    assert "rating/ccc" in done.stdout
    done = CliRunner().invoke(app, ["data", "check", "tiny_two_heads", "--json"])
    assert done.exit_code == 0, done.output


def test_a_predictor_of_heads_can_be_pickled(run):
    copy = pickle.loads(pickle.dumps(load(run.path)))
    assert copy.task.document() == load(run.path).task.document()


def test_data_with_one_head_cannot_be_scored_by_a_network_with_two(run):
    with pytest.raises(UsageError, match="tiny_emotions asks for single_label"):
        evaluate(run.path, data="tiny_emotions")


def test_labels_of_the_first_head_are_mapped_by_name(run):
    names = ("data.options.names=['sad', 'neutral', 'happy', 'angry']",)
    assert evaluate(run.path, overrides=names).label_map["sad"] == "sadness"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": {"name": "tiny_two_heads", "options": {"output": "arousal"}}}, "has no output arousal"),
        ({"selection": {"metric": "rating/uar"}}, "use 'uar'"),
    ],
)
def test_heads_that_do_not_fit_the_network_are_refused(change, message, plugins, tmp_path):
    with pytest.raises(ConfigError, match=message):
        train(Recipe.from_values({**VALUES, **change}), runs=tmp_path, progress=False)


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ((MOOD,), "several heads are needed"),
        ((RATING, MOOD), "output of the first head has to be 'logits'"),
        ((MOOD, Head("mood", STATES.task, STATES.labels, "states")), "have to differ"),
        ((MOOD, Head("a.b", STATES.task, STATES.labels, "states")), "small letters"),
        ((MOOD, Head("when", find_task("localization"), STATES.labels, "when")), "one row of logits"),
    ],
)
def test_heads_that_do_not_fit_together_are_refused(heads, message):
    with pytest.raises(UsageError, match=message):
        Heads(*heads)


def test_heads_are_read_from_their_document():
    task = Heads(MOOD, RATING, STATES)
    again = read_task(json.loads(json.dumps(task.document())))
    assert (again.name, again.metrics, again.gate) == (task.name, task.metrics, task.gate)
    assert [head.labels for head in again.further] == [RATING.labels, STATES.labels]
    assert read_task("regression") is find_task("regression")
    with pytest.raises(UsageError, match=r"heads\.0\.labels"):
        read_task([{"name": "mood", "task": "single_label", "output": "logits"}])


def test_targets_of_further_heads_are_named():
    task = Heads(MOOD, RATING, STATES)
    invented = [task.invent(number, MOOD.labels) for number in range(4)]
    for sample in invented:
        task.check(sample, MOOD.labels)
        assert task.is_labelled(sample)
    targets = task.further_targets(invented)
    assert {name: rows.shape for name, rows in targets.items()} == {
        "label/rating": (4, 1),
        "label/states": (4, 2),
    }


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ({"pose": Annotation("up")}, r"annotations of \['pose'\]"),
        ({"rating": Annotation(values={"arousal": 1.0})}, "ratings are of"),
        ({"states": Annotation("wild")}, "'wild' is not a label of states"),
    ],
)
def test_annotations_that_do_not_fit_are_refused(annotations, message):
    task = Heads(MOOD, RATING, STATES)
    with pytest.raises(DataError, match=message):
        task.check(Sample("a", {}, "neutral", annotations=annotations), MOOD.labels)


def test_views_are_averaged_by_the_task_of_each_head(plugins):
    from tiny_vectors.preprocess import TinyVectorsPreprocess

    class TwoViews(TinyVectorsPreprocess):
        def views(self, sample):
            return [{"vector": np.full(4, value, np.float32)} for value in sample.media["audio"]]

    class Network:
        def __call__(self, batch):
            return self.outputs(batch)["logits"]

        def outputs(self, batch):
            x = batch["vector"][:, :1]
            return {"logits": np.hstack([x, -x, 0 * x]), "valence": x}

    samples = [Sample("a", {"audio": (1.0, 3.0)}, "neutral"), Sample("b", {"audio": (5.0,)}, "neutral")]
    answers = Heads(MOOD, RATING).answer(samples, TwoViews(None), Network())
    assert answers.values["rating"].tolist() == [[2.0], [5.0]]
    expected = MOOD.task.answer(samples, TwoViews(None), Network()).values
    assert answers.values["mood"].tolist() == expected.tolist()


def test_annotations_of_heads_are_part_of_the_key_of_a_sample(plugins):
    from affekt.core.files.content import annotation_key

    samples = open_dataset("tiny_two_heads", None).samples
    assert annotation_key(samples[0]) != annotation_key(samples[1])
    bare = Sample("a", {}, "anger")
    rated = Sample("a", {}, "anger", annotations={"rating": Annotation(values={"valence": 0.5})})
    assert annotation_key(bare) != annotation_key(rated)


def test_a_store_keeps_annotations_and_heads():
    from affekt.data.prepare.clip import annotated
    from affekt.data.store.index import ClipEntry, ClipHeader, Index, PrepareSettings

    rated = Sample("a", {}, "neutral", annotations={"rating": Annotation(values={"valence": 0.5})})
    entry = annotated(ClipEntry(id="a", source=""), rated)
    header = ClipHeader(dataset="x", options={}, settings=PrepareSettings())
    index = Index(header=header, labels=MOOD.labels, task=Heads(MOOD, RATING).document(), entries=(entry,))
    again = Index.model_validate(json.loads(json.dumps(index.model_dump(mode="json", by_alias=True))))
    assert again.entries[0].annotations == rated.annotations
    assert read_task(again.task).document() == index.task
