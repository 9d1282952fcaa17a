"""Scores of continuous ratings: concordance correlation and errors, by dimension."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from affekt.metrics.checks import check_items
from affekt.metrics.intervals import Intervals, units_of
from affekt.metrics.jackknife import LEVEL, jackknife_variance, shares_of, student_quantile

_LARGEST = 1 - 1e-9  # of a correlation, so that its Fisher transform is finite


def concordance(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Concordance correlation coefficient (CCC) of each dimension: (d,) of ratings (n, d).

    1 where predictions equal the truth; a shift or a different scale lowers it, unlike Pearson's correlation.
    0 where truth and predictions are constant, for which it is not defined.

    Raises:
        ValueError: There is no item, arrays do not fit, or numbers are not finite.

    Source: Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 1989; with
    moments over n, as the AVEC and ABAW challenges use it.

    Example:
        Means 2 and 3, variances 2/3 each, covariance 2/3: 2 * 2/3 / (2/3 + 2/3 + 1).

        >>> concordance(np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [3.0], [4.0]])).round(3).tolist()
        [0.571]
    """
    truth, predicted = _ratings(truth, predicted)
    return _concordance(_sums(truth, predicted).sum(axis=0))


def pearson(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Pearson's correlation coefficient of each dimension: (d,) of ratings (n, d).

    1 where predictions are a line through the truth with a rise above 0: a shift or another scale does not
    lower it. NaN where truth or predictions are constant: it is not defined there, and 0 would say that
    there is no relation.

    Raises:
        ValueError: As `concordance`.

    Example:
        >>> pearson(np.array([[1.0], [2.0], [3.0]]), np.array([[4.0], [6.0], [8.0]])).round(3).tolist()
        [1.0]
    """
    truth, predicted = _ratings(truth, predicted)
    return _correlation(_sums(truth, predicted).sum(axis=0))


def mean_absolute_error(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Mean absolute error (d,) of ratings (n, d), in their unit.

    Raises:
        ValueError: As `concordance`.

    Example:
        >>> mean_absolute_error(np.array([[1.0], [2.0]]), np.array([[2.0], [0.0]])).tolist()
        [1.5]
    """
    truth, predicted = _ratings(truth, predicted)
    return np.abs(truth - predicted).mean(axis=0)


def rating_intervals(
    truth: np.ndarray,
    predicted: np.ndarray,
    subjects: Sequence[str | None] | np.ndarray | None = None,
    *,
    level: float = LEVEL,
) -> Intervals:
    """Intervals of `ccc`, `pearson` and `mae`, means over dimensions, by leaving out each subject once.

    The jackknife of `affekt.metrics.intervals` (step 1) with Student's t; of correlations on Fisher's scale,
    where they vary evenly. Without `pearson` where it is not defined, also if this is so without one of the
    subjects. Coverage by simulation: `benchmarks/results/ratings.md`.

    Raises:
        ValueError: As `concordance`.
    """
    truth, predicted = _ratings(truth, predicted)
    units = units_of(len(truth), subjects)
    count = int(units.member.max()) + 1
    sums = np.zeros((count, *truth.shape[1:], 6))
    np.add.at(sums, units.member, _sums(truth, predicted))
    errors = np.zeros((count, truth.shape[1]))
    np.add.at(errors, units.member, np.abs(truth - predicted))
    whole = sums.sum(axis=0)
    has_pearson = bool(np.isfinite(_correlation(whole)).all())
    if count < 2:
        ranges = {"ccc": (-1.0, 1.0), "pearson": (-1.0, 1.0), "mae": (0.0, float("inf"))}
        return Intervals(
            {name: it for name, it in ranges.items() if name != "pearson" or has_pearson},
            units.over,
            units.note,
        )
    items = sums[:, 0, 0]
    weights, copies = shares_of(items[None, :, None], None)
    quantile = student_quantile(weights, copies, level)

    def reach(left: np.ndarray, of_all: float) -> float:
        return quantile * float(np.sqrt(jackknife_variance(left, of_all, copies)))

    def of_correlation(coefficient: Callable[[np.ndarray], np.ndarray]) -> tuple[float, float]:
        middle = float(_fisher(coefficient(whole).mean(keepdims=True))[0])
        far = reach(_fisher(coefficient(whole - sums).mean(axis=1)), middle)
        return float(np.tanh(middle - far)), float(np.tanh(middle + far))

    mae = float(errors.sum(axis=0).mean() / items.sum())
    mae_reach = reach((errors.sum(axis=0) - errors).mean(axis=1) / (items.sum() - items), mae)
    ranges = {"ccc": of_correlation(_concordance), "mae": (max(0.0, mae - mae_reach), mae + mae_reach)}
    if has_pearson and np.isfinite(_correlation(whole - sums)).all():
        ranges["pearson"] = of_correlation(_correlation)
    return Intervals(ranges, units.over, units.note)


def rating_sums(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """What adds up over items (n, d, 8): moments, absolute and squared error; `rating_scores` reads sums.

    Ratings are centred by the truth of these items: sums of two rows go together for equal items.

    Raises:
        ValueError: As `concordance`.
    """
    truth, predicted = _ratings(truth, predicted)
    errors = np.stack([np.abs(truth - predicted), (truth - predicted) ** 2], axis=-1)
    return np.concatenate([_sums(truth, predicted), errors], axis=-1)


def rating_scores(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Scores (...), means over dimensions, of sums (..., d, 8) of `rating_sums`.

    Example:
        >>> sums = rating_sums(np.array([[1.0], [2.0], [3.0]]), np.array([[2.0], [3.0], [4.0]])).sum(axis=0)
        >>> {name: round(float(value), 3) for name, value in rating_scores(sums).items()}
        {'ccc': 0.571, 'mae': 1.0, 'rmse': 1.0}
    """
    items = sums[..., 0]
    scores = {
        "ccc": _concordance(sums[..., :6]).mean(axis=-1),
        "mae": (sums[..., 6] / items).mean(axis=-1),
        "rmse": np.sqrt((sums[..., 7] / items).mean(axis=-1)),
    }
    return {name: np.asarray(values) for name, values in scores.items()}


def _ratings(truth: np.ndarray, predicted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    truth, predicted = check_items(truth=truth, predicted=predicted)
    if truth.ndim != 2 or truth.shape != predicted.shape:
        raise ValueError(f"ratings are (n, d) each, found {truth.shape} and {predicted.shape}")
    return truth.astype(float), predicted.astype(float)


def _sums(truth: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """What adds up over items (n, d, 6): items, both ratings, their squares and their product.

    Ratings are centred first: squares of large numbers would cancel.
    """
    truth, predicted = truth - truth.mean(axis=0), predicted - truth.mean(axis=0)
    return np.stack(
        [np.ones_like(truth), truth, predicted, truth**2, predicted**2, truth * predicted], axis=-1
    )


def _concordance(sums: np.ndarray) -> np.ndarray:
    count, *moments = np.moveaxis(sums, -1, 0)
    one, other, one_square, other_square, product = (moment / count for moment in moments)
    spread = one_square - one**2 + other_square - other**2 + (one - other) ** 2
    covariance = product - one * other
    # Rounding leaves a tiny spread where both are constant.
    defined = spread > 1e-12 * np.maximum(one_square + other_square, 1e-300)
    return np.where(defined, 2 * covariance / np.where(defined, spread, 1.0), 0.0)


def _correlation(sums: np.ndarray) -> np.ndarray:
    """NaN where one of both is constant."""
    count, *moments = np.moveaxis(sums, -1, 0)
    one, other, one_square, other_square, product = (moment / count for moment in moments)
    spread, other_spread = one_square - one**2, other_square - other**2
    defined = (spread > 1e-12 * np.maximum(one_square, 1e-300)) & (
        other_spread > 1e-12 * np.maximum(other_square, 1e-300)
    )
    scale = np.sqrt(np.where(defined, spread * other_spread, 1.0))
    return np.where(defined, np.clip((product - one * other) / scale, -1, 1), np.nan)


def _fisher(value: np.ndarray) -> np.ndarray:
    return np.arctanh(np.clip(value, -_LARGEST, _LARGEST))
