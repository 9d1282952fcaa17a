"""From generated short videos to a bundle that answers any subset of their modalities."""

import numpy as np
import pytest

import affekt
from affekt.core.recipe import Recipe
from affekt.core.sample import Sample
from affekt.core.wheel import wheel_distances
from affekt.data.open import open_dataset
from affekt.deploy.export.export import export
from affekt.engine.train import train
from affekt.evaluation.evaluate import evaluate

pytestmark = pytest.mark.xdist_group("short news")

WIDTHS = dict.fromkeys(("title", "video", "text", "audio"), 24)
RECIPE = {
    "method": "chfen",
    "data": {"name": "short_news", "options": {"videos": 400}},
    "config": {"dim": 16, "heads": 2, "most_faces": 2, "widths": WIDTHS},
    "optimizer": {"name": "adamw", "lr": 5e-3},
    "selection": {"metric": "accuracy"},
    "train": {"epochs": 6, "batch_size": 16, "threads": 1},
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(Recipe.from_values(RECIPE), runs=tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def evaluation(run):
    return evaluate(run.path)


def test_it_learns_what_was_planted(evaluation):
    assert evaluation.scores["accuracy"] > 0.35  # one of eight by chance, .47 from the words alone


def test_the_distance_on_the_wheel_is_scored(evaluation):
    rows = evaluation.predictions
    labels = open_dataset("short_news", None, {"videos": 5}).labels
    apart = wheel_distances(labels)
    expected = np.mean([apart[labels.index(it["true"]), labels.index(it["predicted"])] for it in rows])
    assert evaluation.scores["wheel_distance"] == pytest.approx(expected)
    assert expected < 4 / 7  # of errors that are equally spread over the wheel


def test_a_bundle_answers_any_subset_like_the_network(run, evaluation, tmp_path):
    predictor = affekt.load(export(run.path, tmp_path / "bundle").bundle)
    samples = [it for it in open_dataset("short_news", None, {"videos": 400}).samples if it.split == "test"]
    by_id = {row["id"]: row for row in evaluation.predictions}
    whole = predictor(samples[0])
    assert whole.scores[by_id[whole.id]["predicted"]] == pytest.approx(
        by_id[whole.id]["confidence"], abs=1e-4
    )
    words = {"title": samples[0].media["title"], "text": samples[0].media["text"]}
    alone = predictor(Sample("words", words))
    assert any("video" in note and "audio" in note for note in alone.notes)
    assert alone.scores != whole.scores
