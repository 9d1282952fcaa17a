"""Labels that are probably wrong: planted errors are found."""

import numpy as np
import pytest

from affekt.metrics.agreement.label_noise import (
    confidence_weighted_entropy,
    label_noise,
    normalized_margin,
    self_confidence,
)

CLASSES, ITEMS = 4, 800


@pytest.fixture(scope="module")
def planted():
    """Truth, labels of which one in five is wrong, and probabilities that lean to the truth."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, CLASSES, ITEMS)
    wrong = rng.random(ITEMS) < 0.2
    labels = np.where(wrong, (truth + 1) % CLASSES, truth)
    scores = rng.normal(0, 1, (ITEMS, CLASSES)) + 4 * np.eye(CLASSES)[truth]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return labels, probabilities, labels != truth


def test_the_share_of_wrong_labels_is_estimated(planted):
    labels, probabilities, wrong = planted
    found = label_noise(labels, probabilities)
    assert found.noise == pytest.approx(wrong.mean(), abs=0.04)
    assert found.calibrated.sum(axis=1).tolist() == np.bincount(labels).tolist()
    off = found.calibrated - np.diag(np.diag(found.calibrated))
    # Labels are wrong in one way: the truth is the class before the label.
    assert all(off[label].argmax() == (label - 1) % CLASSES for label in range(CLASSES))


@pytest.mark.parametrize("by", ["class", "noise_rate", "both", "confident_joint"])
def test_suspected_labels_are_mostly_those_that_are_wrong(planted, by):
    labels, probabilities, wrong = planted
    found = label_noise(labels, probabilities).is_suspected(by)
    assert (wrong & found).sum() / found.sum() > 0.85
    assert (wrong & found).sum() / wrong.sum() > 0.75
    assert not (found & (probabilities.argmax(axis=1) == labels)).any()


def test_right_labels_of_sure_probabilities_are_not_suspected():
    labels = np.arange(12) % 3
    found = label_noise(labels, np.full((12, 3), 0.05) + 0.85 * np.eye(3)[labels])
    assert found.noise == 0 and not found.is_suspected().any()


def test_a_class_without_labels_is_never_the_confident_one():
    found = label_noise(np.array([0, 0, 1]), np.array([[0.2, 0.1, 0.7], [0.5, 0.4, 0.1], [0.1, 0.8, 0.1]]))
    assert np.isnan(found.thresholds[2]) and not found.counted[:, 2].any()


def test_quality_falls_with_the_own_probability():
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    labels = np.zeros(3, int)
    for quality in (self_confidence, normalized_margin, confidence_weighted_entropy):
        values = quality(labels, probabilities)
        assert (np.diff(values) < 0).all()
    assert normalized_margin(labels, np.array([[0.5, 0.5]] * 3)).tolist() == [0.5] * 3


def test_labels_without_a_column_are_refused():
    with pytest.raises(ValueError, match="labels in 0 to 1"):
        label_noise(np.array([2]), np.array([[0.5, 0.5]]))
