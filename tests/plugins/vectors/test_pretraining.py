"""A network is trained on samples without labels, by an objective that validates itself."""

import pytest

from affekt.core.recipe import Recipe
from affekt.engine.train import train

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
