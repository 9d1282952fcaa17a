"""Scores of ratings, by examples that are small enough to compute by hand."""

import numpy as np
import pytest

from affekt.metrics.regression import concordance, mean_absolute_error, pearson, rating_intervals


def column(*values):
    return np.array(values, float)[:, None]


def test_concordance_falls_with_a_shift():
    # Means 2 and 3, variances 2/3, covariance 2/3: 2 * 2/3 / (2/3 + 2/3 + 1 ** 2) = 4/7.
    assert concordance(column(1, 2, 3), column(2, 3, 4)) == pytest.approx([4 / 7])


def test_concordance_falls_with_another_scale():
    # Means 2 and 4, variances 2/3 and 8/3, covariance 4/3: 8/3 / (10/3 + 4) = 4/11.
    assert concordance(column(1, 2, 3), column(2, 4, 6)) == pytest.approx([4 / 11])


def test_concordance_of_equal_ratings_is_one_and_of_opposite_ones_minus_one():
    truth = column(-1, 0, 1)
    assert concordance(truth, truth) == pytest.approx([1.0])
    assert concordance(truth, -truth) == pytest.approx([-1.0])


def test_concordance_of_constants_is_zero():
    assert concordance(column(0.3, 0.3), column(0.3, 0.3)).tolist() == [0.0]


def test_concordance_does_not_lose_digits_far_from_zero():
    truth, predicted = column(1, 2, 3), column(2, 3, 4)
    assert concordance(truth + 1e6, predicted + 1e6) == pytest.approx([4 / 7], rel=1e-6)


def test_absolute_errors_are_means_over_items():
    truth, predicted = np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[2.0, 0.0], [0.0, 1.0]])
    assert mean_absolute_error(truth, predicted).tolist() == [1.5, 0.5]


def test_intervals_contain_the_score_and_are_over_subjects():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(60, 2))
    predicted = truth + 0.5 * rng.normal(size=(60, 2))
    found = rating_intervals(truth, predicted, [f"s{number % 6}" for number in range(60)])
    assert found.over == "subjects"
    low, high = found.ranges["ccc"]
    assert low < concordance(truth, predicted).mean() < high < 1
    low, high = found.ranges["mae"]
    assert 0 < low < mean_absolute_error(truth, predicted).mean() < high


def test_ratings_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"ratings are \(n, d\) each"):
        concordance(np.zeros(3), np.zeros(3))


def test_pearson_does_not_fall_with_a_shift_or_another_scale():
    assert pearson(column(1, 2, 3), column(12, 14, 16)) == pytest.approx([1.0])
    # Deviations -1 0 1 and -1/3 -1/3 2/3: 1 / sqrt(2 * 2/3).
    assert pearson(column(1, 2, 3), column(0, 0, 1)) == pytest.approx([1 / np.sqrt(4 / 3)])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_pearson_of_constants_is_not_defined(value):
    assert np.isnan(pearson(column(1, 2, 3), column(value, value, value))).all()
    assert np.isnan(pearson(column(value, value, value), column(1, 2, 3))).all()


def test_an_interval_of_pearson_is_left_out_where_it_is_not_defined():
    truth = np.arange(12.0)[:, None]
    assert "pearson" in rating_intervals(truth, truth[::-1] ** 2).ranges
    assert "pearson" not in rating_intervals(truth, np.ones((12, 1))).ranges
