"""Several labels at once: worked out by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as oracle

from affekt.metrics.multi_label import (
    decide,
    fit_thresholds,
    multi_label_intervals,
    multi_label_per_class,
    multi_label_scores,
    ranked_precision,
)

TRUTH = np.array([[1, 0], [1, 1], [0, 0], [0, 1]])
PROBABILITY = np.array([[0.9, 0.6], [0.5, 0.2], [0.1, 0.0], [0.7, 0.9]])


def draw(items=80, classes=4, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random((items, classes)) < 0.4
    return truth, np.clip(0.5 * rng.random((items, classes)) + 0.4 * truth, 0, 1)


def test_several_labels_of_the_worked_example():
    scores = multi_label_scores(TRUTH, PROBABILITY)
    assert scores["accuracy"] == pytest.approx(5 / 8)
    assert scores["uar"] == pytest.approx((2 / 2 + 1 / 2) / 2)
    assert scores["mean_precision"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert scores["macro_f1"] == pytest.approx((4 / 5 + 2 / 4) / 2)


@pytest.mark.parametrize("thresholds", [None, np.array([0.3, 0.45, 0.5, 0.7])])
def test_several_labels_agree_with_scikit_learn(thresholds):
    truth, probability = draw()
    said = probability >= (0.5 if thresholds is None else thresholds)
    scores = multi_label_scores(truth, probability, thresholds=thresholds)
    assert scores["uar"] == pytest.approx(oracle.recall_score(truth, said, average="macro"))
    assert scores["macro_f1"] == pytest.approx(oracle.f1_score(truth, said, average="macro"))
    assert scores["micro_f1"] == pytest.approx(oracle.f1_score(truth, said, average="micro"))
    assert scores["weighted_f1"] == pytest.approx(oracle.f1_score(truth, said, average="weighted"))
    assert scores["mean_precision"] == pytest.approx(oracle.precision_score(truth, said, average="macro"))
    assert scores["accuracy"] == pytest.approx(1 - oracle.hamming_loss(truth, said))
    rows = multi_label_per_class(truth, probability, tuple("abcd"), thresholds=thresholds)
    for name, score in (
        ("precision", oracle.precision_score),
        ("recall", oracle.recall_score),
        ("f1", oracle.f1_score),
    ):
        np.testing.assert_allclose([row[name] for row in rows], score(truth, said, average=None))
    ranked = oracle.average_precision_score(truth, probability, average=None)
    np.testing.assert_allclose([row["average_precision"] for row in rows], ranked)
    assert [row["count"] for row in rows] == truth.sum(axis=0).tolist()


def test_a_class_that_occurs_nowhere_is_not_counted():
    wider = [np.column_stack([each, np.zeros(4)]) for each in (TRUTH, PROBABILITY)]
    scores, same = multi_label_scores(*wider), multi_label_scores(TRUTH, PROBABILITY)
    for name in ("uar", "macro_f1", "micro_f1", "weighted_f1", "mean_precision"):
        assert scores[name] == pytest.approx(same[name])
    assert multi_label_per_class(*wider, ("a", "b", "c"))[2]["average_precision"] is None


def test_an_item_has_every_class_that_reaches_its_threshold():
    assert decide(PROBABILITY, [0.5, 0.9]).tolist() == [
        [True, False],
        [True, False],
        [False, False],
        [True, True],
    ]
    with pytest.raises(ValueError, match="2 classes need as many thresholds"):
        decide(PROBABILITY, [0.5])


def test_the_order_of_equal_scores_does_not_matter_for_ranked_precision():
    present, scores = np.array([1, 0, 0, 1], bool), np.array([0.5, 0.5, 0.5, 0.2])
    for order in ([0, 1, 2, 3], [2, 1, 0, 3], [3, 1, 0, 2]):
        assert ranked_precision(present[order], scores[order]) == pytest.approx((1 / 3 + 2 / 4) / 2)


def test_a_fitted_threshold_has_the_highest_f1_of_all():
    truth, probability = draw(items=60, seed=3)
    best = oracle.f1_score(truth, decide(probability, fit_thresholds(truth, probability)), average=None)
    for other in np.linspace(0, 1, 101):
        scores = oracle.f1_score(truth, probability >= other, average=None, zero_division=0)
        assert (scores <= best + 1e-12).all()


def test_a_rare_class_of_low_probability_is_predicted_by_its_own_threshold():
    truth = np.array([[1], [1], [0], [0], [0], [0]])
    probability = np.array([[0.3], [0.2], [0.1], [0.05], [0.02], [0.01]])
    assert multi_label_scores(truth, probability)["macro_f1"] == 0
    limits = fit_thresholds(truth, probability)
    assert limits == pytest.approx([0.15])
    assert multi_label_scores(truth, probability, thresholds=limits)["macro_f1"] == 1


@pytest.mark.parametrize("value", [0, 1])
def test_a_class_that_all_items_have_or_none_keeps_one_half(value):
    assert fit_thresholds(np.full((5, 1), value), np.linspace(0, 1, 5)[:, None]).tolist() == [0.5]


def test_intervals_of_several_labels_hold_their_scores_and_go_by_subject():
    truth, probability = draw(items=200)
    subjects = [f"s{row // 20}" for row in range(200)]
    scores = multi_label_scores(truth, probability)
    for found in (
        multi_label_intervals(truth, probability),
        multi_label_intervals(truth, probability, subjects),
    ):
        assert set(found.ranges) == set(scores)
        for name, (low, high) in found.ranges.items():
            assert 0 <= low < scores[name] <= high <= 1
    assert found.over == "subjects"
    few = multi_label_intervals(truth, probability, ["ann"] * 100 + ["bob"] * 100)
    assert few.over == "items" and "does not apply to new subjects" in few.note
    assert few.ranges == multi_label_intervals(truth, probability).ranges


def test_labels_that_no_item_has_leave_an_interval_of_accuracy():
    found = multi_label_intervals(np.zeros((9, 2)), np.full((9, 2), 0.1))
    assert list(found.ranges) == ["accuracy"] and found.ranges["accuracy"][0] < 0.95


def test_coverage_of_several_labels_is_the_nominal_one():
    rng = np.random.default_rng(0)
    inside = {"accuracy": 0, "macro_f1": 0, "uar": 0}
    rounds, subjects, items = 120, 6, 30

    def some(subjects):
        truth = rng.random((subjects * items, 3)) < (0.5, 0.3, 0.2)
        skill = np.repeat(rng.normal(1.2, 0.5, subjects), items)[:, None]
        shown = skill * (2 * truth - 1) + rng.logistic(size=truth.shape)
        return truth, 1 / (1 + np.exp(-shown))

    true = multi_label_scores(*some(4000))
    for _ in range(rounds):
        found = multi_label_intervals(*some(subjects), np.repeat(np.arange(subjects).astype(str), items))
        for name in inside:
            inside[name] += found.ranges[name][0] <= true[name] <= found.ranges[name][1]
    assert min(inside.values()) / rounds >= 0.9
