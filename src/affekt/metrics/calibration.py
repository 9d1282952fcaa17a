"""Calibration of confidences: its error, and a temperature that corrects it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from affekt.metrics.checks import check_class_numbers, check_items

BINS = 15  # Guo et al., ICML 2017
# A few dozen validation items that all happen to be right would drive the temperature to zero and every
# confidence to one, so the temperature is bounded.
COLDEST, HOTTEST = 0.5, 20.0
_LEAST = 1e-12  # smallest probability whose logarithm is taken


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (n, k) of logits (n, k)."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Independent probability of each class."""
    return np.exp(-np.logaddexp(0.0, -logits))


def negative_log_likelihood(logits: np.ndarray, truth: np.ndarray) -> float:
    """Mean negative log-likelihood over items, in nats.

    Raises:
        ValueError: There is no item, arrays differ in length, or a class number is out of range.
    """
    logits, truth = _classes(logits, truth)
    chosen = np.log(np.maximum(softmax(logits)[np.arange(len(truth)), truth], _LEAST))
    return float(-chosen.mean())


def binary_log_likelihood(logits: np.ndarray, truth: np.ndarray) -> float:
    """Mean negative log-likelihood over (item, class) cells, in nats; label weights (n, k) lie in [0, 1].

    Raises:
        ValueError: There is no item, or shapes differ.
    """
    logits, truth = _cells(logits, truth)
    return float((np.logaddexp(0.0, logits) - truth * logits).mean())


class CalibrationBins(NamedTuple):
    """Items by their confidence, in equally wide bins: bin i reaches from above i / B up to (i + 1) / B.

    Attributes:
        items: (bins,) number of items.
        confidence: (bins,) mean confidence; 0 in an empty bin.
        right: (bins,) share of correct items; 0 in an empty bin.
    """

    items: np.ndarray
    confidence: np.ndarray
    right: np.ndarray


def calibration_bins(confidence: np.ndarray, right: np.ndarray, *, bins: int = BINS) -> CalibrationBins:
    """Sort items by confidence; each bin includes its upper edge, the first one 0 as well (Guo et al., 2017).

    Args:
        confidence: (n,) in [0, 1].
        right: (n,) whether each item is correct.

    Raises:
        ValueError: There is no item, arrays differ in length, or a confidence is out of range.

    Example:
        >>> calibration_bins(np.array([0.5, 0.6]), np.array([True, False]), bins=2).items.tolist()
        [1, 1]
    """
    confidence, right = check_items(confidence=confidence, right=right)
    if confidence.min() < 0 or confidence.max() > 1 + 1e-6:  # float32 softmax exceeds 1 by rounding
        raise ValueError(
            f"a confidence lies in 0 to 1, found {confidence.min():.3g} to {confidence.max():.3g}"
        )
    # Edges are computed by division, not by summation, so that a confidence of 0.3 lies on the edge 3 / 10.
    index = np.searchsorted(np.arange(1, bins) / bins, confidence, side="left")
    count = np.bincount(index, minlength=bins)
    filled = np.maximum(count, 1)
    return CalibrationBins(
        count, np.bincount(index, confidence, bins) / filled, np.bincount(index, right, bins) / filled
    )


def expected_calibration_error(probability: np.ndarray, truth: np.ndarray, *, bins: int = BINS) -> float:
    """Mean gap between confidence and accuracy over `calibration_bins`, weighted by their number of items.

    Raises:
        ValueError: There is no item, arrays differ in length, or a class number is out of range.

    Example:
        >>> expected_calibration_error(np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([0, 1]))
        0.4
    """
    probability, truth = _classes(probability, truth)
    return _gap(calibration_bins(probability.max(axis=1), probability.argmax(axis=1) == truth, bins=bins))


def cell_calibration_error(probability: np.ndarray, truth: np.ndarray, *, bins: int = BINS) -> float:
    """Calibration error over (item, class) cells, for classes that do not exclude each other.

    The gap is that between the mean probability of a bin's cells and the share whose class is present.

    Args:
        probability: (n, k).
        truth: (n, k) label weights; a class is present above 0.5.

    Raises:
        ValueError: There is no item, or shapes differ.
    """
    probability, truth = _cells(probability, truth)
    return _gap(calibration_bins(probability.ravel(), truth.ravel() > 0.5, bins=bins))


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Temperature scaling: the divisor of the logits that maximizes the likelihood (Guo et al., ICML 2017).

    Fit it on validation items: on training items it is too small, and test items must not be used.

    Raises:
        ValueError: As `negative_log_likelihood`.
    """
    logits, truth = _classes(logits, truth)
    return _fitted(lambda temperature: negative_log_likelihood(logits / temperature, truth))


def fit_cell_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """Temperature for classes that do not exclude each other: one number for the logits of all classes.

    Raises:
        ValueError: As `binary_log_likelihood`.
    """
    logits, truth = _cells(logits, truth)
    return _fitted(lambda temperature: binary_log_likelihood(logits / temperature, truth))


def _fitted(loss: Callable[[float], float]) -> float:
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_t: loss(float(np.exp(log_t))),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return float(np.exp(found.x))


def _gap(bins: CalibrationBins) -> float:
    return float((np.abs(bins.right - bins.confidence) * bins.items).sum() / bins.items.sum())


def _classes(scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Checked scores (n, k) and class numbers (n,)."""
    scores, truth = check_items(scores=scores, truth=truth)
    if scores.ndim != 2:
        raise ValueError(f"scores need one row of classes per item, not an array {scores.shape}")
    check_class_numbers(scores.shape[1], truth=truth)
    return scores, truth


def _cells(scores: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Checked scores and label weights, both (n, k)."""
    scores, truth = check_items(scores=scores, truth=truth)
    if scores.ndim != 2 or scores.shape != truth.shape:
        raise ValueError(f"scores and labels need the same shape, not {scores.shape} and {truth.shape}")
    return scores.astype(float), truth.astype(float)
