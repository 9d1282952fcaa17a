"""Calibration of confidences."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from affekt.metrics.calibration import (
    COLDEST,
    HOTTEST,
    binary_log_likelihood,
    calibration_bins,
    cell_calibration_error,
    expected_calibration_error,
    fit_cell_temperature,
    fit_temperature,
    negative_log_likelihood,
    sigmoid,
    softmax,
)


def draw(temperature, items=4000, seed=0):
    """Logits whose truth was drawn from them after division by `temperature`."""
    rng = np.random.default_rng(seed)
    logits = 3 * rng.standard_normal((items, 4))
    truth = np.array([rng.choice(4, p=row) for row in softmax(logits / temperature)])
    return logits, truth


def test_probabilities_of_the_worked_example():
    np.testing.assert_allclose(softmax(np.array([[0.0, np.log(3.0)]])), [[0.25, 0.75]])
    np.testing.assert_allclose(sigmoid(np.array([0.0, np.log(3.0)])), [0.5, 0.75])


@pytest.mark.filterwarnings("error")
def test_extreme_logits_neither_overflow_nor_warn():
    logits = np.array([[1e4, -1e4, 0.0]])
    np.testing.assert_allclose(softmax(logits), [[1, 0, 0]])
    np.testing.assert_allclose(sigmoid(logits), [[1, 0, 0.5]])
    assert negative_log_likelihood(logits, np.array([0])) == pytest.approx(0)
    assert np.isfinite(negative_log_likelihood(logits, np.array([1])))


def test_adding_a_number_to_all_logits_changes_nothing():
    logits, _ = draw(1.0, items=5)
    np.testing.assert_allclose(softmax(logits), softmax(logits + 100))


def test_likelihood_agrees_with_scikit_learn():
    logits, truth = draw(1.0, items=300)
    assert negative_log_likelihood(logits, truth) == pytest.approx(log_loss(truth, softmax(logits)))


def test_calibration_error_of_the_worked_example():
    # Two bins of two: confidence 0.9, both right; confidence 0.6, none right. (2*0.1 + 2*0.6) / 4
    probability = np.array([[0.9, 0.1], [0.1, 0.9], [0.6, 0.4], [0.4, 0.6]])
    assert expected_calibration_error(probability, np.array([0, 1, 1, 0]), bins=10) == pytest.approx(0.35)


def test_calibration_error_agrees_with_a_loop_over_bins():
    logits, truth = draw(2.0, items=500)
    probability = softmax(logits)
    confidence, right = probability.max(axis=1), probability.argmax(axis=1) == truth
    expected = 0.0
    for low in np.arange(15) / 15:
        inside = (confidence > low) & (confidence <= low + 1 / 15)
        if inside.any():
            expected += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    assert expected_calibration_error(probability, truth) == pytest.approx(expected)


def test_full_confidence_has_a_bin():
    certain = np.array([[1.0, 0.0], [1.0, 0.0]])
    assert expected_calibration_error(certain, np.array([0, 0])) == 0
    assert expected_calibration_error(certain, np.array([1, 1])) == 1


@pytest.mark.parametrize("bins", [5, 10, 15])
def test_each_bin_holds_its_upper_edge_and_not_its_lower_one(bins):
    edges = np.array([k / bins for k in range(1, bins + 1)])
    found = calibration_bins(edges, np.ones(bins, bool), bins=bins)
    assert found.items.tolist() == [1] * bins
    np.testing.assert_allclose(found.confidence, edges)
    above = calibration_bins(edges[:-1] + 1e-9, np.ones(bins - 1, bool), bins=bins)
    assert above.items.tolist() == [0] + [1] * (bins - 1)


def test_a_confidence_of_zero_lies_in_the_first_bin():
    assert calibration_bins(np.zeros(3), np.zeros(3, bool), bins=4).items.tolist() == [3, 0, 0, 0]


def test_a_confidence_on_an_edge_counts_with_the_lower_bin():
    # 0.5 lies in (0, 0.5] and 0.6 in (0.5, 1]: gaps of 0.5 and 0.6, not one bin whose gap is 0.05.
    probability = np.array([[0.5, 0.25, 0.25], [0.6, 0.2, 0.2]])
    assert expected_calibration_error(probability, np.array([0, 1]), bins=2) == pytest.approx(0.55)


def test_a_confidence_out_of_range_is_refused():
    with pytest.raises(ValueError, match="0 to 1"):
        calibration_bins(np.array([1.2]), np.array([True]))


def test_cell_calibration_compares_probability_with_the_share_of_present_classes():
    # four cells of 0.2, one of which is present; four of 0.9, all present
    probability = np.array([[0.2, 0.9], [0.2, 0.9], [0.2, 0.9], [0.2, 0.9]])
    truth = np.array([[1, 1], [0, 1], [0, 1], [0, 1]])
    assert cell_calibration_error(probability, truth, bins=10) == pytest.approx((0.05 + 0.1) / 2)


def test_the_temperature_of_several_labels_is_recovered():
    rng = np.random.default_rng(0)
    logits = 3 * rng.standard_normal((3000, 3))
    truth = (rng.random(logits.shape) < sigmoid(logits / 2.0)).astype(float)
    assert fit_cell_temperature(logits, truth) == pytest.approx(2.0, rel=0.08)
    expected = np.mean([log_loss(truth[:, k], sigmoid(logits[:, k])) for k in range(3)])
    assert binary_log_likelihood(logits, truth) == pytest.approx(expected)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_generated_the_truth_is_recovered(temperature):
    assert fit_temperature(*draw(temperature)) == pytest.approx(temperature, rel=0.08)


def test_the_fitted_temperature_lowers_the_likelihood_loss_and_the_calibration_error():
    logits, truth = draw(3.0)
    cooled = logits / fit_temperature(logits, truth)
    assert negative_log_likelihood(cooled, truth) < negative_log_likelihood(logits, truth)
    assert expected_calibration_error(softmax(cooled), truth) < 0.3 * expected_calibration_error(
        softmax(logits), truth
    )
    np.testing.assert_array_equal(cooled.argmax(axis=1), logits.argmax(axis=1))


@pytest.mark.parametrize("truth", [[0, 1], [1, 0]])
def test_a_few_items_cannot_drive_the_temperature_out_of_bounds(truth):
    logits = np.array([[4.0, 0.0], [0.0, 4.0]])
    assert COLDEST <= fit_temperature(logits, np.array(truth)) <= HOTTEST
