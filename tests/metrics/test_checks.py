"""What metrics refuse: no items, and arrays of different items."""

import numpy as np
import pytest

from affekt.metrics import calibration, classification, intervals, multi_label, permutation
from affekt.metrics.checks import check_items

NONE, NO_ROWS = np.zeros(0, int), np.zeros((0, 3))
LABELS, ROWS = np.array([0, 1, 2, 1]), np.eye(3)[[0, 1, 2, 1]]
TWO, ROWS_OF_TWO = LABELS[:2], ROWS[:2]
# Each metric of two arrays: by class numbers, or by rows of classes.
OF_NUMBERS = {
    "confusion_matrix": lambda truth, other: classification.confusion_matrix(truth, other, 3),
    "group_confusions": lambda truth, other: classification.group_confusions(truth, truth, 3, other),
    "score_intervals": lambda truth, other: intervals.score_intervals(truth, other, 3),
    "score_intervals by subject": lambda truth, other: intervals.score_intervals(truth, truth, 3, other),
    "paired_intervals": lambda truth, other: intervals.paired_intervals(truth, truth, other, 3),
    "ranked_precision": lambda truth, other: multi_label.ranked_precision(truth > 0, other),
    "calibration_bins": lambda truth, other: calibration.calibration_bins(truth / 3, other > 0),
}
OF_ROWS_AND_NUMBERS = {
    "negative_log_likelihood": calibration.negative_log_likelihood,
    "expected_calibration_error": calibration.expected_calibration_error,
    "fit_temperature": calibration.fit_temperature,
}
OF_ROWS = {
    "multi_label_scores": multi_label.multi_label_scores,
    "multi_label_intervals": multi_label.multi_label_intervals,
    "multi_label_per_class": lambda one, other: multi_label.multi_label_per_class(one, other, "abc"),
    "fit_thresholds": multi_label.fit_thresholds,
    "binary_log_likelihood": calibration.binary_log_likelihood,
    "cell_calibration_error": calibration.cell_calibration_error,
    "fit_cell_temperature": calibration.fit_cell_temperature,
}


@pytest.mark.parametrize("name", OF_NUMBERS)
def test_a_metric_of_class_numbers_refuses_no_items_and_other_items(name):
    with pytest.raises(ValueError, match="at least one item"):
        OF_NUMBERS[name](NONE, NONE)
    with pytest.raises(ValueError, match="same items"):
        OF_NUMBERS[name](LABELS, TWO)


@pytest.mark.parametrize("name", OF_ROWS_AND_NUMBERS)
def test_a_metric_of_probabilities_refuses_no_items_and_other_items(name):
    with pytest.raises(ValueError, match="at least one item"):
        OF_ROWS_AND_NUMBERS[name](NO_ROWS, NONE)
    with pytest.raises(ValueError, match="same items"):
        OF_ROWS_AND_NUMBERS[name](ROWS, TWO)
    with pytest.raises(ValueError, match="class numbers must lie in 0 to 2, found 0 to 3"):
        OF_ROWS_AND_NUMBERS[name](ROWS, np.array([0, 1, 2, 3]))


@pytest.mark.parametrize("name", OF_ROWS)
def test_a_metric_of_several_labels_refuses_no_items_and_other_items(name):
    with pytest.raises(ValueError, match="at least one item"):
        OF_ROWS[name](NO_ROWS, NO_ROWS)
    with pytest.raises(ValueError, match="same items"):
        OF_ROWS[name](ROWS, ROWS_OF_TWO)
    with pytest.raises(ValueError, match="shape"):
        OF_ROWS[name](ROWS, ROWS[:, :2])


@pytest.mark.parametrize(
    "metric",
    [
        classification.scores_of,
        lambda counts: classification.per_class(counts, ("a", "b")),
        permutation.best_permutation,
        lambda counts: intervals.confusion_intervals(counts[None]),
    ],
)
def test_a_metric_of_a_confusion_matrix_refuses_one_without_items(metric):
    with pytest.raises(ValueError, match="at least one item"):
        metric(np.zeros((2, 2)))


def test_names_of_other_classes_are_refused():
    with pytest.raises(ValueError, match="classes has 2, names has 3"):
        classification.per_class(np.eye(2), ("a", "b", "c"))


def test_numbers_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="finite numbers: logits"):
        check_items(logits=[0.0, np.nan], truth=[0, 1])


def test_class_numbers_are_whole_numbers():
    with pytest.raises(ValueError, match="one integer per item"):
        classification.confusion_matrix(np.array([0.5]), np.array([0]), 2)
