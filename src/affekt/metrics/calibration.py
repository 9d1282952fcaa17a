"""Whether a confidence means what it says, and one number that makes it so."""

from __future__ import annotations

import numpy as np

BINS = 15  # Guo et al., ICML 2017
# A few dozen validation items that happen to be right would drive the temperature to zero, and every
# confidence to one: sharpening is bounded.
COLDEST, HOTTEST = 0.5, 20.0


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (n, k) of logits (n, k)."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probability of each class by itself."""
    return np.exp(-np.logaddexp(0.0, -logits))


def negative_log_likelihood(logits: np.ndarray, truth: np.ndarray) -> float:
    """Mean over items, in nats."""
    chosen = np.log(np.maximum(softmax(logits)[np.arange(len(truth)), truth], 1e-12))
    return float(-chosen.mean())


def expected_calibration_error(probability: np.ndarray, truth: np.ndarray, *, bins: int = BINS) -> float:
    """Mean gap between confidence and accuracy over equally wide bins of confidence, weighted by their items.

    Example:
        >>> expected_calibration_error(np.array([[0.9, 0.1], [0.9, 0.1]]), np.array([0, 1]))
        0.4
    """
    confidence, right = probability.max(axis=1), probability.argmax(axis=1) == truth
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    gap = np.bincount(index, right, bins) - np.bincount(index, confidence, bins)
    return float(np.abs(gap).sum() / max(count.sum(), 1))


def fit_temperature(logits: np.ndarray, truth: np.ndarray) -> float:
    """The number logits are divided by so that their softmax is likeliest (Guo et al., ICML 2017).

    Fit it on validation items: on training items it is too small, on test items it is cheating.
    """
    from scipy.optimize import minimize_scalar

    found = minimize_scalar(
        lambda log_t: negative_log_likelihood(logits / np.exp(log_t), truth),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return float(np.exp(found.x))
