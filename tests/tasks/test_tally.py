"""What of the answers of a task adds up gives the scores of the task."""

import numpy as np
import pytest

from affekt.core.labels import LabelSet
from affekt.core.task import find_task
from affekt.metrics.multi_label import multi_label_scores
from affekt.metrics.regression import concordance, mean_absolute_error

LABELS = LabelSet.of("happy", "sad", "angry")


def scores(tally):
    return {name: float(value) for name, value in tally.scores(tally.counts.sum(axis=0)).items()}


def test_labels_add_up_to_accuracy_and_recall():
    rows = [{"true": "happy", "predicted": "happy"}, {"true": "happy", "predicted": "sad"}]
    rows += [{"true": "sad", "predicted": "sad"}] * 2
    tally = find_task("single_label").tally(rows, LABELS)
    assert scores(tally)["accuracy"] == pytest.approx(0.75) == scores(tally)["uar"]
    assert tally.right.tolist() == [True, False, True, True]
    recalls = tally.recalls(tally.counts.sum(axis=0))
    assert recalls[:2].tolist() == [0.5, 1.0] and np.isnan(recalls[2])


def test_several_labels_add_up_to_their_scores():
    truth = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 0]])
    said = np.array([[1, 1, 0], [0, 1, 0], [0, 0, 0]])

    def text(row):
        return "|".join(name for name, present in zip(LABELS.names, row, strict=True) if present)

    rows = [{"true": text(one), "predicted": text(other)} for one, other in zip(truth, said, strict=True)]
    tally = find_task("multi_label").tally(rows, LABELS)
    assert scores(tally) == pytest.approx(multi_label_scores(truth, said.astype(float)))
    assert tally.recalls(tally.counts.sum(axis=0)).tolist() == [1.0, 1.0, 0.0]


def test_ratings_add_up_to_concordance_and_error():
    rng = np.random.default_rng(0)
    truth, said = rng.normal(size=(2, 20, 1))
    rows = [
        {"true_valence": str(one), "valence": str(other)}
        for one, other in zip(truth[:, 0], said[:, 0], strict=True)
    ]
    tally = find_task("regression").tally(rows, LabelSet.of("valence"))
    found = scores(tally)
    assert found["ccc"] == pytest.approx(concordance(truth, said)[0])
    assert found["mae"] == pytest.approx(mean_absolute_error(truth, said)[0])
    assert tally.right is None and tally.recalls is None
