"""Tests of the difference between two rows."""

import numpy as np
import pytest
from scipy import stats

from affekt.core.answers.tally import Tally
from affekt.metrics.classification import scores_of
from affekt.metrics.intervals import confusion_intervals, score_intervals, units_of
from affekt.metrics.paired.compare import MCNEMAR, PERMUTATION, compare, correct
from affekt.metrics.paired.sums import UnitSums, score_range, times_drawn
from affekt.metrics.regression import rating_scores, rating_sums

TRUTH = np.array([0] * 10 + [1] * 10)


def tally(truth, said, classes=2):
    cells = np.zeros((len(truth), classes, classes))
    cells[np.arange(len(truth)), truth, said] = 1
    return Tally(cells, scores_of, confusion_intervals, right=truth == said)


def row(*runs, truth=TRUTH, subjects=None):
    return UnitSums.of([tally(truth, said) for said in runs], units_of(len(truth), subjects))


def wrong_at(*places):
    said = TRUTH.copy()
    said[list(places)] = 1 - said[list(places)]
    return said


def test_mcnemar_of_one_run_each_is_the_binomial_test_of_the_items_that_differ():
    one, other = wrong_at(0), wrong_at(3, 4, 5, 6, 12, 13, 14, 15)
    found = compare(row(one), row(other), "accuracy")
    assert found.test == MCNEMAR and found.p_seeds is None
    # 8 items are right in the first row only, 1 in the second: 2 (1 + 9) / 512.
    assert found.p == pytest.approx(20 / 512) == pytest.approx(stats.binomtest(1, 9).pvalue)
    assert found.difference == pytest.approx(0.35)
    assert found.low < found.difference < found.high


def test_the_permutation_of_accuracy_of_single_items_equals_mcnemar():
    one, other = wrong_at(0), wrong_at(3, 4, 5, 6, 12, 13, 14, 15)
    # Two equal runs of each row: no spread of seeds, and the same exchange for both.
    found = compare(row(one, one), row(other, other), "accuracy")
    assert found.test == PERMUTATION and found.p_items == pytest.approx(20 / 512)


def test_units_are_exchanged_whole():
    subjects = [f"s{number // 4}" for number in range(20)]
    one, other = wrong_at(), wrong_at(0, 1, 2, 3, 4, 5, 6, 7, 12, 13)
    found = compare(row(one, subjects=subjects), row(other, subjects=subjects), "accuracy")
    # Three of five subjects differ, always in favour of the first row: 2 of 2^3 exchanges are as far apart.
    assert found.units == 5 and found.test == PERMUTATION
    assert found.p == pytest.approx(2 / 8)
    assert not found.is_distinguishable()


def test_few_units_cannot_be_distinguished_in_a_large_family():
    subjects = [f"s{number // 2}" for number in range(20)]
    one, other = wrong_at(), 1 - TRUTH
    found = compare(row(one, subjects=subjects), row(other, subjects=subjects), "uar")
    # Ten subjects that all differ in the same direction: 2 of 2^10 exchanges.
    assert found.p_items == found.p_lowest == pytest.approx(2 / 1024)
    assert found.is_testable(25) and not found.is_testable(26)
    assert not correct([found] * 26)[0].is_distinguishable()


def test_resamples_bound_the_p_value_of_many_units():
    found = compare(row(wrong_at()), row(1 - TRUTH), "uar", resamples=99)
    assert found.p_items == found.p_lowest == pytest.approx(0.02)


def test_equal_answers_are_not_distinguishable():
    found = compare(row(wrong_at(1, 2)), row(wrong_at(1, 2)), "uar")
    assert (found.p, found.difference, found.low, found.high) == (1.0, 0.0, 0.0, 0.0)


def test_the_spread_of_seeds_widens_a_difference():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 2000)

    def answers(accuracy):
        return np.where(rng.random(len(truth)) < accuracy, truth, 1 - truth)

    steady = [
        row(*(answers(0.75) for _ in range(3)), truth=truth),
        row(*(answers(0.7) for _ in range(3)), truth=truth),
    ]
    spread = [
        row(*(answers(it) for it in (0.6, 0.75, 0.9)), truth=truth),
        row(*(answers(it) for it in (0.55, 0.7, 0.85)), truth=truth),
    ]
    sure, unsure = (compare(one, other, "accuracy") for one, other in (steady, spread))
    assert sure.p_seeds < 0.01 and sure.p_items < 0.001
    assert unsure.p_items < 0.001 and unsure.p_seeds > 0.5 and unsure.p == unsure.p_seeds


def test_the_test_of_seeds_alone_is_the_test_of_welch():
    # Each run answers all items right or all wrong, but for the first: items add next to nothing.
    first, second = np.array([0.9, 0.8, 0.85]), np.array([0.7, 0.75, 0.6])
    from affekt.metrics.paired.compare import _with_seeds

    expected = stats.ttest_ind(first, second, equal_var=False).pvalue
    assert _with_seeds(first, second, 0.0, 100) == pytest.approx(expected)


def test_holm_multiplies_the_least_p_value_by_the_number_of_comparisons():
    one, other = row(wrong_at(0)), row(wrong_at(3, 4, 5, 6, 12, 13, 14, 15))
    family = [compare(one, other, "accuracy"), compare(one, one, "accuracy")]
    first, second = correct(family)
    assert first.p_holm == pytest.approx(2 * 20 / 512) and second.p_holm == 1.0
    assert family[0].is_distinguishable() and not first.is_distinguishable()
    assert correct([]) == []


def test_the_bootstrap_of_items_agrees_with_the_standard_error_of_a_share():
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 400)
    one = np.where(rng.random(400) < 0.8, truth, 1 - truth)
    found = compare(row(one, truth=truth), row(truth, truth=truth), "accuracy")
    reach = 1.96 * np.sqrt(0.8 * 0.2 / 400)
    assert (found.high - found.low) / 2 == pytest.approx(reach, rel=0.15)


def test_equal_arguments_give_equal_results():
    one, other = row(wrong_at(0, 5)), row(wrong_at(3, 4, 12))
    assert compare(one, other, "macro_f1") == compare(one, other, "macro_f1")


def test_a_row_has_the_interval_of_its_task():
    expected = score_intervals(TRUTH, wrong_at(0, 5), 2).ranges
    assert score_range(row(wrong_at(0, 5)), "uar") == pytest.approx(expected["uar"])


def test_the_interval_of_ratings_is_bootstrapped():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=(300, 1))
    sums = rating_sums(truth, truth + rng.normal(scale=0.5, size=(300, 1)))
    found = UnitSums.of([Tally(sums, rating_scores)], units_of(300, None))
    low, high = score_range(found, "mae")
    assert low < found.by_run("mae")[0] < high and high - low < 0.1


def test_rows_of_other_units_are_refused():
    with pytest.raises(ValueError, match="the same units"):
        compare(row(TRUTH), row(TRUTH, subjects=[str(it // 2) for it in range(20)]), "accuracy")
    with pytest.raises(ValueError, match="20 items have units"):
        UnitSums.of([tally(TRUTH[:10], TRUTH[:10])], units_of(20, None))


def test_draws_are_counted_for_each_unit():
    drawn = np.random.default_rng(0).integers(0, 7, (3, 4, 7))
    counts = times_drawn(drawn)
    assert counts.shape == (3, 4, 7)
    assert counts[2, 1].tolist() == np.bincount(drawn[2, 1], minlength=7).tolist()
