from __future__ import annotations

import numpy as np
import pytest

from affekt.analysis.fusion.pool import HIGHEST_WEIGHT, averaged, fit_weights, pooled


def test_a_single_source_of_weight_1_keeps_its_scores():
    scores = np.array([[0.7, 0.2, 0.1]])
    assert pooled(scores, np.ones(1)).tolist() == pytest.approx([0.7, 0.2, 0.1])


def test_independent_sources_multiply():
    # By hand: .6 * .7 to .4 * .3.
    assert pooled(np.array([[0.6, 0.4], [0.7, 0.3]]), np.ones(2))[0] == pytest.approx(0.42 / 0.54)


def test_a_source_of_weight_0_does_not_count():
    scores = np.array([[0.6, 0.4], [0.01, 0.99]])
    assert pooled(scores, np.array([1.0, 0.0])).tolist() == pytest.approx([0.6, 0.4])


def test_no_source_excludes_a_class():
    found = pooled(np.array([[1.0, 0.0], [0.0, 1.0]]), np.ones(2))
    assert found.tolist() == pytest.approx([0.5, 0.5])


def test_a_mean_is_never_surer_than_the_surest_source():
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.ones(4), size=(3, 200))
    found = averaged(scores, np.full((3, 200), 1 / 3))
    assert (found.max(axis=-1) <= scores.max(axis=-1).max(axis=0) + 1e-9).all()


def test_a_mean_of_sources_without_weight_favours_no_class():
    assert averaged(np.array([[0.9, 0.1]]), np.zeros(1)).tolist() == [0.5, 0.5]


def drawn(sources: int, *, count: int = 4000, copies: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated scores of two equally frequent classes by sources that err independently, or as one."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, count)
    evidence = rng.normal(size=(sources, count)) + np.where(truth, 0.5, -0.5)
    if copies:
        evidence = np.repeat(evidence[:1], sources, axis=0)
    second = 1 / (1 + np.exp(-evidence))  # the log odds of two normal distributions with means 1 apart
    return np.stack([1 - second, second], axis=-1), truth


def test_sources_that_err_independently_get_a_weight_of_about_1():
    assert fit_weights(*drawn(2)).tolist() == pytest.approx([1.0, 1.0], abs=0.15)


def test_a_source_that_repeats_another_shares_its_weight():
    assert fit_weights(*drawn(2, copies=True)).sum() == pytest.approx(1.0, abs=0.15)


def test_weights_stay_within_their_limits():
    scores, truth = drawn(1, count=50)
    certain = np.where(np.eye(2)[truth] > 0, 0.6, 0.4)[None]
    assert fit_weights(certain, truth)[0] <= HIGHEST_WEIGHT
    assert fit_weights(1 - certain, truth)[0] >= 0
    with pytest.raises(ValueError, match="there are none"):
        fit_weights(scores[:, :0], truth[:0])
