"""A network is trained on samples without labels, by an objective that validates itself."""

import numpy as np
import pytest

from affekt.core.errors import ConfigError, ExportError, UsageError
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample
from affekt.deploy.export.export import export
from affekt.deploy.load import load
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate

VALUES = {
    "method": "tiny_vectors",
    "data": {"name": "tiny_unlabelled"},
    "config": {"num_classes": 4, "objective": "denoising"},
    "optimizer": {"lr": 0.01},
    "selection": {"metric": "loss"},
    "train": {"epochs": 3, "batch_size": 16, "threads": 1},
}


@pytest.fixture(scope="module")
def run(plugins, tmp_path_factory):
    return train(Recipe.from_values(VALUES), runs=tmp_path_factory.mktemp("runs"), progress=False)


def test_samples_without_labels_are_trained_on(run):
    assert sum(run.result["samples"].values()) == 64


def test_validation_logs_the_terms_of_the_objective_and_their_sum(run):
    for row in run.metrics():
        assert row["validation/loss"] == pytest.approx(row["validation/restored"] + row["validation/small"])
    assert run.metrics()[-1]["validation/loss"] < run.metrics()[0]["validation/loss"]


def test_the_epoch_with_the_lowest_sum_is_kept(run):
    assert run.result["best_epoch"] == min(run.metrics(), key=lambda row: row["validation/loss"])["epoch"]


def test_a_network_without_answers_refuses_evaluation_and_int8(run, tmp_path):
    with pytest.raises(UsageError, match="no answers to score"):
        evaluate(run.path, split="all")
    with pytest.raises(ExportError, match="int8 is not offered for pretraining"):
        export(run.path, tmp_path / "int8", int8=True)


def test_a_bundle_without_labels_can_be_opened_and_refuses_to_predict(run, tmp_path):
    bundle = load(export(run.path, tmp_path / "bundle").bundle, backend="onnxruntime")
    assert len(bundle.labels) == 0
    with pytest.raises(UsageError, match="answers nothing"):
        list(bundle.predict([Sample("a", {"audio": np.ones(4, np.float32)})]))


def test_a_term_of_the_objective_can_select_the_epoch(tmp_path):
    recipe = Recipe.from_values({**VALUES, "selection": {"metric": "small"}})
    run = train(recipe, runs=tmp_path, progress=False)
    assert run.result["best_epoch"] == min(run.metrics(), key=lambda row: row["validation/small"])["epoch"]


def test_a_metric_that_validation_does_not_score_is_refused(tmp_path):
    recipe = Recipe.from_values({**VALUES, "selection": {"metric": "sharpness"}})
    with pytest.raises(ConfigError, match="'sharpness' is not a score of this validation: take one of loss"):
        train(recipe, runs=tmp_path, progress=False)


def test_a_training_of_emotions_starts_from_the_weights(run, tmp_path):
    values = {**VALUES, "data": {"name": "tiny_emotions"}, "config": {"num_classes": 4}, "selection": {}}
    started = train(Recipe.from_values(values), weights=[run.best], runs=tmp_path, progress=False)
    assert started.recipe.initial_weights
