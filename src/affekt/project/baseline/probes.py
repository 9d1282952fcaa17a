"""Probes: a logistic regression for each modality, and two ways to fuse them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

STRENGTHS = (1e-4, 1e-3, 1e-2, 1e-1)  # inverse regularisation, of which cross-validation chooses
FOLDS = 4


@dataclass(frozen=True)
class Training:
    """What probes are fitted on.

    Attributes:
        vectors: (n, d) by modality.
        labels: (n,) names.
        groups: (n,) items of one group are in one fold.
    """

    vectors: Mapping[str, np.ndarray]
    labels: np.ndarray
    groups: np.ndarray

    def at(self, places: np.ndarray) -> Training:
        """Some of the items."""
        return Training(
            {name: values[places] for name, values in self.vectors.items()},
            self.labels[places],
            self.groups[places],
        )


def majority(train: Training, vectors: Mapping[str, np.ndarray]) -> np.ndarray:
    """The most frequent label, for each item."""
    any_values = next(iter(vectors.values()))
    model = DummyClassifier(strategy="most_frequent").fit(np.zeros((len(train.labels), 1)), train.labels)
    return np.asarray(model.predict(np.zeros((len(any_values), 1))))


def probes(train: Training, vectors: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Labels (m,) by row of the table: each modality, all vectors in one, mean of the probes' scores.

    Args:
        vectors: (m, d) by modality, of the items to be labelled.
    """
    found: dict[str, np.ndarray] = {}
    logs: list[np.ndarray] = []
    classes: np.ndarray = np.unique(train.labels)
    for name, values in train.vectors.items():
        model = fit(values, train)
        scores = np.log(np.maximum(model.predict_proba(vectors[name]), 1e-9))
        found[name] = classes[scores.argmax(axis=1)]
        logs.append(scores)
    if len(logs) > 1:
        found["all, one probe"] = together(train, vectors)
        found["all, mean of probes"] = classes[np.mean(logs, axis=0).argmax(axis=1)]
    return found


def together(train: Training, vectors: Mapping[str, np.ndarray]) -> np.ndarray:
    """Labels (m,) from the vectors of all modalities in one."""
    names = list(train.vectors)
    model = fit(np.concatenate([train.vectors[name] for name in names], axis=1), train)
    return model.predict(np.concatenate([vectors[name] for name in names], axis=1))


def out_of_fold(train: Training, classes: Sequence[str]) -> np.ndarray:
    """Probabilities (n, k) of each item by a probe that saw no item of its group, from all vectors in one."""
    values = np.concatenate(list(train.vectors.values()), axis=1)
    known = np.unique(train.labels)
    model, folds = _model(_strength(values, train)), _folds(train)
    scores = cross_val_predict(model, values, train.labels, cv=folds, method="predict_proba")
    found = np.zeros((len(values), len(classes)))
    found[:, [list(classes).index(name) for name in known]] = np.asarray(scores)
    return found


def fit(values: np.ndarray, train: Training) -> Pipeline:
    """A probe on vectors (n, d), with the strength that cross-validation over groups chooses."""
    return _model(_strength(values, train)).fit(values, train.labels)


def _model(strength: float) -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=2000))


def _strength(values: np.ndarray, train: Training) -> float:
    folds = _folds(train)
    if folds is None:
        return STRENGTHS[1]
    shares = []
    for strength in STRENGTHS:
        said = cross_val_predict(_model(strength), values, train.labels, cv=folds)
        shares.append(float(np.mean(np.asarray(said) == train.labels)))
    return STRENGTHS[int(np.argmax(shares))]


def _folds(train: Training) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """Folds that keep groups whole, if there are enough; None where there are too few items."""
    if len(np.unique(train.groups)) >= FOLDS:
        return list(GroupKFold(FOLDS).split(train.labels, groups=train.groups))
    if len(train.labels) >= 2 * FOLDS:
        return list(KFold(FOLDS, shuffle=True, random_state=0).split(train.labels))
    return None
