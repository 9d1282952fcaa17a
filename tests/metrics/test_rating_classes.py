"""Classes of ratings, by examples that are counted by hand."""

import numpy as np
import pytest

from affekt.metrics.rating_classes import SEVEN, UNIT, rating_class_scores

TRUTH = np.array([-2.6, -1.0, 0.0, 0.4, 2.5])
SAID = np.array([-3.4, 0.2, -0.1, 0.6, 2.4])


def test_two_classes_with_zero_count_it_as_not_negative():
    scores = rating_class_scores(TRUTH, SAID, SEVEN).scores
    # Truth - - + + +, predicted - + - + +: right are items 0, 3, 4.
    assert scores["acc2"] == pytest.approx(3 / 5)
    # F1 of negative 1/2 (2 items), of the others 2/3 (3 items).
    assert scores["f1"] == pytest.approx((2 * 1 / 2 + 3 * 2 / 3) / 5)


def test_two_classes_without_zero_leave_out_items_that_are_truly_zero():
    scores = rating_class_scores(TRUTH, SAID, SEVEN).scores
    assert scores["acc2_nonzero"] == pytest.approx(3 / 4)


def test_seven_classes_are_rounded_and_limited():
    # Truth -3 -1 0 0 2 (2.5 to even), predicted -3 0 0 1 2.
    assert rating_class_scores(TRUTH, SAID, SEVEN).scores["acc7"] == pytest.approx(3 / 5)
    # Truth -2 -1 0 0 2, predicted -2 0 0 1 2.
    assert rating_class_scores(TRUTH, SAID, SEVEN).scores["acc5"] == pytest.approx(3 / 5)


def test_classes_of_ch_sims_include_their_upper_edges():
    truth = np.array([-1.0, -0.7, -0.1, 0.0, 0.1, 0.7, 1.0], np.float32)
    said = np.array([-0.8, -0.6, 0.0, 0.1, 0.2, 0.6, 0.8], np.float32)
    scores = rating_class_scores(truth, said, UNIT).scores
    # Five: 0 0 1 2 2 3 4 against 0 1 2 2 3 3 4. Three: 0 0 0 1 1 2 2 against 0 0 1 1 2 2 2.
    assert scores["acc5"] == pytest.approx(4 / 7)
    assert scores["acc3"] == pytest.approx(5 / 7)
    # Positive: 0 0 0 0 1 1 1 against 0 0 0 1 1 1 1.
    assert scores["acc2_positive"] == pytest.approx(6 / 7)


def test_weighted_f1_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    truth, said = rng.normal(size=200), rng.normal(size=200)
    found = rating_class_scores(truth, said, SEVEN).scores
    assert found["f1"] == pytest.approx(metrics.f1_score(truth >= 0, said >= 0, average="weighted"))


def test_without_a_scale_there_are_no_classes():
    assert rating_class_scores(TRUTH, SAID, None).scores == {}


def test_scores_without_any_item_are_left_out_with_a_note():
    found = rating_class_scores(np.zeros(3), np.ones(3), SEVEN)
    assert "acc2_nonzero" not in found.scores
    assert found.notes == ("acc2_nonzero is not defined: every true rating is 0",)


def test_intervals_are_over_subjects():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=400)
    # All items of a subject are right or all are wrong: 20 independent units.
    said = truth * np.repeat(rng.choice([-1, 1], 20), 20)
    over = rating_class_scores(truth, said, SEVEN, [f"s{k // 20}" for k in range(400)]).ranges["acc2"]
    items = rating_class_scores(truth, said, SEVEN).ranges["acc2"]
    assert over[1] - over[0] > 3 * (items[1] - items[0])
