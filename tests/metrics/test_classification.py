"""Scores: worked out by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from affekt.metrics.classification import confusion_matrix, per_class, scores_of

# Ten items of three classes:      truth a: 4 of 5 right, b: 1 of 3 right, c: 0 of 2 right.
TRUTH = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
SAID = np.array([0, 0, 0, 0, 1, 1, 0, 0, 1, 0])
COUNTS = np.array([[4, 1, 0], [2, 1, 0], [1, 1, 0]])


def draw(seed, items=200, classes=5):
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=items)
    said = np.where(rng.random(items) < 0.5, truth, rng.integers(classes, size=items))
    return truth, said


def test_rows_are_the_truth_and_columns_the_prediction():
    np.testing.assert_array_equal(confusion_matrix(TRUTH, SAID, 3), COUNTS)


def test_classes_without_items_keep_their_rows():
    assert confusion_matrix(np.array([0]), np.array([3]), 5).sum(axis=0).tolist() == [0, 0, 0, 1, 0]


@pytest.mark.parametrize(("truth", "said"), [([0], [3]), ([3], [0]), ([0], [-1]), ([-1], [4])])
def test_a_class_out_of_range_is_refused_and_not_counted_elsewhere(truth, said):
    with pytest.raises(ValueError, match="class"):
        confusion_matrix(np.array(truth), np.array(said), 3)


def test_scores_of_the_worked_example():
    scores = scores_of(COUNTS)
    assert scores["accuracy"] == pytest.approx(5 / 10)
    assert scores["uar"] == pytest.approx((4 / 5 + 1 / 3 + 0) / 3)
    # F1 of a: 2*4 / (5 true + 7 said); of b: 2*1 / (3 + 3); of c: 0
    assert scores["macro_f1"] == pytest.approx((8 / 12 + 2 / 6 + 0) / 3)
    assert scores["weighted_f1"] == pytest.approx((8 / 12 * 5 + 2 / 6 * 3 + 0) / 10)


def test_a_class_that_occurs_nowhere_is_not_counted():
    wider = np.zeros((4, 4))
    wider[:3, :3] = COUNTS
    for name, value in scores_of(COUNTS).items():
        assert scores_of(wider)[name] == pytest.approx(value)


def test_a_class_that_is_only_predicted_lowers_f1_but_not_recall():
    scores = scores_of(np.array([[1, 1], [0, 0]]))
    assert scores["uar"] == pytest.approx(1 / 2)
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)


@pytest.mark.parametrize("seed", range(5))
def test_scores_agree_with_scikit_learn(seed):
    truth, said = draw(seed)
    counts = confusion_matrix(truth, said, 5)
    np.testing.assert_array_equal(counts, oracle.confusion_matrix(truth, said))
    scores = scores_of(counts)
    assert scores["accuracy"] == pytest.approx(oracle.accuracy_score(truth, said))
    assert scores["uar"] == pytest.approx(oracle.balanced_accuracy_score(truth, said))
    assert scores["macro_f1"] == pytest.approx(oracle.f1_score(truth, said, average="macro"))
    assert scores["weighted_f1"] == pytest.approx(oracle.f1_score(truth, said, average="weighted"))


def test_many_matrices_are_scored_at_once():
    many = np.stack([confusion_matrix(*draw(seed), 5) for seed in range(6)]).reshape(2, 3, 5, 5)
    scores = scores_of(many)
    assert scores["uar"].shape == (2, 3)
    assert scores["uar"][1, 2] == pytest.approx(scores_of(many[1, 2])["uar"])


def test_scores_of_each_class_agree_with_scikit_learn():
    truth, said = draw(3)
    rows = per_class(confusion_matrix(truth, said, 5), tuple("abcde"))
    precision, recall, f1, count = oracle.precision_recall_fscore_support(truth, said)
    assert [row["class"] for row in rows] == list("abcde")
    np.testing.assert_allclose([row["precision"] for row in rows], precision)
    np.testing.assert_allclose([row["recall"] for row in rows], recall)
    np.testing.assert_allclose([row["f1"] for row in rows], f1)
    assert [row["count"] for row in rows] == list(count)


def test_a_class_never_predicted_has_precision_zero():
    assert per_class(COUNTS, ("a", "b", "c"))[2] == {
        "class": "c",
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "count": 2,
    }
