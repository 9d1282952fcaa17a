"""Scores: worked out by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from affekt.metrics.classification import (
    bootstrap_intervals,
    confusion_matrix,
    multi_label_scores,
    per_class,
    scores_of,
)

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


def test_classes_that_nobody_has_keep_their_place():
    assert confusion_matrix(np.array([0]), np.array([3]), 5).sum(axis=0).tolist() == [0, 0, 0, 1, 0]


def test_no_items_give_a_matrix_of_zeros():
    none = np.array([], int)
    assert confusion_matrix(none, none, 3).tolist() == [[0] * 3] * 3


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


def test_a_class_that_occurs_nowhere_counts_for_nothing():
    wider = np.zeros((4, 4))
    wider[:3, :3] = COUNTS
    for name, value in scores_of(COUNTS).items():
        assert scores_of(wider)[name] == pytest.approx(value)


def test_a_class_that_is_only_predicted_lowers_f1_but_not_recall():
    scores = scores_of(np.array([[1, 1], [0, 0]]))
    assert scores["uar"] == pytest.approx(1 / 2)
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)


def test_an_empty_matrix_scores_zero():
    assert {float(value) for value in scores_of(np.zeros((3, 3))).values()} == {0.0}


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


def test_several_labels_of_the_worked_example():
    truth = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
    probability = np.array([[0.9, 0.6], [0.5, 0.2], [0.1, 0.0], [0.7, 0.9]])
    scores = multi_label_scores(truth, probability)
    assert scores["accuracy"] == pytest.approx(5 / 8)
    assert scores["uar"] == pytest.approx((2 / 2 + 1 / 2) / 2)
    assert scores["mean_precision"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert scores["macro_f1"] == pytest.approx((4 / 5 + 2 / 4) / 2)


def test_several_labels_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    truth, probability = rng.random((80, 4)) < 0.4, rng.random((80, 4))
    said = probability >= 0.5
    scores = multi_label_scores(truth, probability)
    assert scores["uar"] == pytest.approx(oracle.recall_score(truth, said, average="macro"))
    assert scores["macro_f1"] == pytest.approx(oracle.f1_score(truth, said, average="macro"))
    assert scores["weighted_f1"] == pytest.approx(oracle.f1_score(truth, said, average="weighted"))
    assert scores["mean_precision"] == pytest.approx(oracle.precision_score(truth, said, average="macro"))
    assert scores["accuracy"] == pytest.approx(1 - oracle.hamming_loss(truth, said))


@pytest.mark.parametrize("groups", [None, np.arange(200) // 10])
def test_an_interval_holds_the_score_it_is_about(groups):
    truth, said = draw(0)
    scores = scores_of(confusion_matrix(truth, said, 5))
    for name, (low, high) in bootstrap_intervals(truth, said, 5, groups=groups, draws=300).items():
        assert 0 <= low < scores[name] < high <= 1


def test_intervals_repeat_themselves_and_grow_with_the_level():
    truth, said = draw(0)
    wide, again = (bootstrap_intervals(truth, said, 5, draws=200) for _ in range(2))
    assert wide == again
    narrow = bootstrap_intervals(truth, said, 5, draws=200, level=0.5)
    assert wide["uar"][0] < narrow["uar"][0] < narrow["uar"][1] < wide["uar"][1]


def test_groups_that_are_alike_inside_widen_the_interval():
    # Ten people of twenty walks, each person wholly right or wholly wrong: ten facts, not two hundred.
    groups = np.repeat(np.arange(10), 20)
    truth = np.zeros(200, int)
    said = groups % 2
    alone = bootstrap_intervals(truth, said, 2, draws=400)["accuracy"]
    grouped = bootstrap_intervals(truth, said, 2, groups=groups, draws=400)["accuracy"]
    assert grouped[1] - grouped[0] > 3 * (alone[1] - alone[0])


def test_groups_of_one_are_as_good_as_none():
    truth, said = draw(1)
    alone = bootstrap_intervals(truth, said, 5, draws=2000)["accuracy"]
    single = bootstrap_intervals(truth, said, 5, groups=np.arange(200), draws=2000)["accuracy"]
    np.testing.assert_allclose(alone, single, atol=0.02)


def test_groups_may_be_named():
    truth, said = draw(1)
    numbers = np.arange(200) // 10
    named = np.array([f"walker {n:02d}" for n in numbers])
    assert bootstrap_intervals(truth, said, 5, groups=named, draws=50) == bootstrap_intervals(
        truth, said, 5, groups=numbers, draws=50
    )
