"""Labels that features contradict: confident learning with folds that keep groups whole."""

from __future__ import annotations

import warnings

import numpy as np

from affekt.core.errors import DataError, require
from affekt.metrics.agreement.label_noise import LabelNoise, label_noise

FOLDS = 5
_SEED = 0


def noise_from_features(
    features: np.ndarray, labels: np.ndarray, groups: np.ndarray, *, classes: int, folds: int = FOLDS
) -> LabelNoise:
    """Estimate which labels are wrong from logistic regression on features, each item by a network of others.

    Args:
        features: (n, d), one vector an item.
        labels: (n,) int.
        groups: (n,), such as accounts: items of one group are never on both sides of a fold.
        folds: At most; fewer where a class or the groups are too few.

    Raises:
        DataError: Features are not finite, or there are fewer than two groups or classes.
        MissingExtra: scikit-learn is not installed.
    """
    return label_noise(labels, out_of_fold(features, labels, groups, classes=classes, folds=folds))


def out_of_fold(
    features: np.ndarray, labels: np.ndarray, groups: np.ndarray, *, classes: int, folds: int = FOLDS
) -> np.ndarray:
    """Probabilities (n, k) of each item from a regression that saw neither it nor its group.

    Raises: As `noise_from_features`.
    """
    require("sklearn", extra="train", needed_by="finding labels that features contradict")
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    features, labels, groups = np.asarray(features, float), np.asarray(labels), np.asarray(groups)
    if features.ndim != 2 or not len(features) == len(labels) == len(groups):
        raise ValueError(
            f"features {features.shape}, labels {labels.shape} and groups {groups.shape} need the same items"
        )
    if not np.isfinite(features).all():
        wrong = int((~np.isfinite(features).all(axis=1)).sum())
        raise DataError(
            f"{wrong} of {len(features)} vectors have values that are not finite: encode them again"
        )
    sizes = np.bincount(labels, minlength=classes)
    folds = min(folds, len(np.unique(groups)), int(sizes.max(initial=0)))
    if folds < 2 or (sizes > 0).sum() < 2:
        found = f"{len(np.unique(groups))} groups and {(sizes > 0).sum()} labels"
        raise DataError(
            "confident learning needs two groups, two labels, and a label of two items; found "
            f"{found} of up to {sizes.max(initial=0)} items"
        )
    found = np.zeros((len(features), classes))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=_SEED)
    with warnings.catch_warnings():
        # A class with fewer items than folds is left out of some of them; its probability there is 0.
        warnings.filterwarnings("ignore", message=".*least populated class")
        parts = list(splitter.split(features, labels, groups))
    for train, test in parts:
        if not len(test):
            continue
        seen = np.unique(labels[train])
        if len(seen) == 1:
            found[test, seen[0]] = 1.0
            continue
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
        found[np.ix_(test, seen)] = model.fit(features[train], labels[train]).predict_proba(features[test])
    return found
