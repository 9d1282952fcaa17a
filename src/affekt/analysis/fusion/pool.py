"""The weighted log-opinion pool: p(y) is proportional to the product of p_m(y) ** w_m over all sources m.

Sources that err independently have weights near 1, and are surer together than each alone; sources that
repeat each other share a weight. Which it is, held-out samples show. Where there are none, `averaged` takes
the plain mean of the scores, which is never surer than the surest source.

Source: Genest and Zidek, Combining probability distributions, Statistical Science 1986; weights by maximum
likelihood as in Heskes, Selecting weighting factors in logarithmic opinion pools, NIPS 1997.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize

LEAST = 1e-4  # of a probability: one source alone must not exclude a class
HIGHEST_WEIGHT = 3.0  # beyond it, a few samples decide
L2 = 1e-3  # pulls weights towards a shared one where samples say little


def pooled(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The pool of the scores of several sources.

    Args:
        scores: (m, ..., k) probabilities.
        weights: (m, ...) at least 0, broadcast over the classes. All 0: the classes are equal.

    Returns:
        (..., k) probabilities.

    Example:
        >>> pooled(np.array([[0.8, 0.2], [0.8, 0.2]]), np.array([0.5, 0.5])).round(6).tolist()
        [0.8, 0.2]
    """
    logs = np.log(np.clip(scores, LEAST, 1.0))
    joint = (logs * np.asarray(weights)[..., None]).sum(axis=0)
    joint = np.exp(joint - joint.max(axis=-1, keepdims=True))
    return joint / joint.sum(axis=-1, keepdims=True)


def averaged(scores: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The weighted mean of the scores, the linear opinion pool; arguments as in `pooled`."""
    total = np.asarray(weights).sum(axis=0)
    equal = np.full(scores.shape[1:], 1 / scores.shape[-1])
    mean = (scores * np.asarray(weights)[..., None]).sum(axis=0)
    return np.where(total[..., None] > 0, mean / np.maximum(total, 1e-12)[..., None], equal)


def fit_weights(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The weights (m,) under which held-out truth is most likely.

    Args:
        scores: (m, n, k) calibrated scores of samples that no source was trained on.
        truth: (n,) class of each.

    Raises:
        ValueError: There are no samples.
    """
    sources, count, _ = scores.shape
    if not count:
        raise ValueError("weights are fitted on samples, and there are none")
    rows = np.arange(count)
    mean = np.full(sources, 1 / sources)

    def loss(weights: np.ndarray) -> float:
        found = pooled(scores, np.broadcast_to(weights[:, None], (sources, count)))[rows, truth]
        return float(-np.log(found).mean() + L2 * np.square(weights - mean).sum())

    start = np.ones(sources)
    return minimize(loss, start, method="L-BFGS-B", bounds=[(0.0, HIGHEST_WEIGHT)] * sources).x
