"""Labels that are probably wrong, from out-of-fold probabilities: confident learning.

An item whose label is i counts as one of class j where its probability of j is at least that which items
labelled j have of j on average. Of several such classes the most probable class of all counts, as in the
reference values of the shared case; by the paper it would be the most probable of these. The counts of (i, j)
estimate how often labels are confused, and how many labels of each class are wrong; items are then taken in
the order of their own probabilities.

Probabilities have to come from networks that did not see the item, nor others of its subject.

Source: Northcutt, Jiang and Chuang, JAIR 2021.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

_LEAST = 1e-6  # of a probability that is divided by
_ROUNDING = 1e-6  # of a mean of probabilities

By = Literal["class", "noise_rate", "both", "confident_joint"]


@dataclass(frozen=True)
class LabelNoise:
    """An estimate of the confusions of labels.

    Attributes:
        labels: (n,) int, given labels.
        probabilities: (n, k), out of fold.
        thresholds: (k,), mean probability of a class over the items that carry its label; NaN if none does.
        counted: (k, k) int, items by given label and by confident class; those without one are left out.
        calibrated: (k, k) int, the same with rows that sum to the numbers of labels.
        confident: (n,) int, confident class of each item; -1 for none.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    thresholds: np.ndarray
    counted: np.ndarray
    calibrated: np.ndarray
    confident: np.ndarray

    @property
    def noise(self) -> float:
        """Estimated share of wrong labels."""
        total = self.calibrated.sum()
        return float(1 - np.trace(self.calibrated) / total) if total else 0.0

    def is_suspected(self, by: By = "both") -> np.ndarray:
        """Items whose label is probably wrong: (n,) bool; never one whose label has the largest probability.

        Args:
            by: `class`: of each label, as many as are estimated to be wrong, the least probable first.
                `noise_rate`: of each pair of label and class, as many as are estimated, by the largest
                margin. `both`: what these have in common. `confident_joint`: all with another confident
                class.
        """
        if by == "both":
            return self.is_suspected("class") & self.is_suspected("noise_rate")
        found = {
            "class": self._by_class,
            "noise_rate": self._by_noise_rate,
            "confident_joint": lambda: (self.confident >= 0) & (self.confident != self.labels),
        }[by]()
        return found & (self.probabilities.argmax(axis=1) != self.labels)

    def _by_class(self) -> np.ndarray:
        own = self_confidence(self.labels, self.probabilities)
        found = np.zeros(len(self.labels), bool)
        for label in range(len(self.calibrated)):
            members = np.flatnonzero(self.labels == label)
            wrong = int(len(members) - self.calibrated[label, label])
            if wrong > 0 and len(members) > 1:
                # One label of a class stays; equal probabilities are on one side.
                limit = np.sort(own[members])[min(wrong, len(members) - 1)]
                found[members] = own[members] < limit
        return found

    def _by_noise_rate(self) -> np.ndarray:
        found = np.zeros(len(self.labels), bool)
        for label, other in np.argwhere(self.calibrated > 0):
            members = np.flatnonzero(self.labels == label)
            wrong = int(self.calibrated[label, other])
            if label == other or len(members) < 2:
                continue
            margin = self.probabilities[members, other] - self.probabilities[members, label]
            limit = -np.sort(-margin)[min(wrong, len(members) - 1)]
            found[members] |= margin > limit
        return found


def label_noise(labels: np.ndarray, probabilities: np.ndarray) -> LabelNoise:
    """Estimate which labels are confused with which.

    Args:
        labels: (n,) int.
        probabilities: (n, k), of networks that did not see the item.

    Raises:
        ValueError: Numbers of items differ, or a label has no column.
    """
    labels, probabilities = np.asarray(labels), np.asarray(probabilities, float)
    n, k = probabilities.shape
    if labels.shape != (n,) or (n and not 0 <= labels.min() <= labels.max() < k):
        raise ValueError(
            f"labels {labels.shape} and probabilities {probabilities.shape} need the same items, and labels "
            f"in 0 to {k - 1}"
        )
    sizes = np.bincount(labels, minlength=k)
    sums = np.bincount(labels, self_confidence(labels, probabilities), minlength=k)
    thresholds = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.nan)
    # A class with equal probabilities reaches their mean, whatever its rounding.
    reached = probabilities >= np.where(sizes > 0, thresholds, np.inf) - _ROUNDING
    number = reached.sum(axis=1)
    best = np.where(number > 1, probabilities.argmax(axis=1), reached.argmax(axis=1))
    confident = np.where(number > 0, best, -1)
    counted = np.zeros((k, k), int)
    has_class = confident >= 0
    np.add.at(counted, (labels[has_class], confident[has_class]), 1)
    # At least one label of each class is right.
    np.fill_diagonal(counted, np.maximum(np.diag(counted), sizes > 0))
    return LabelNoise(labels, probabilities, thresholds, counted, _calibrated(counted, sizes), confident)


def self_confidence(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Probability of each item's own label: (n,)."""
    return probabilities[np.arange(len(labels)), labels]


def normalized_margin(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """How far the own label is ahead of the best other one: (n,), 0 to 1, .5 where they are equal."""
    others = probabilities.copy()
    others[np.arange(len(labels)), labels] = -np.inf
    return (self_confidence(labels, probabilities) - others.max(axis=1) + 1) / 2


def confidence_weighted_entropy(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Quality of a label from entropy over own probability: (n,), high for a sure label."""
    entropy = -(probabilities * np.log(np.maximum(probabilities, 1e-300))).sum(axis=1)
    ratio = entropy / np.log(probabilities.shape[1])
    ratio = np.maximum(ratio / np.maximum(self_confidence(labels, probabilities), _LEAST), _LEAST)
    return np.log1p(ratio) / ratio


def _calibrated(counted: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Counts whose rows sum to the numbers of labels: rounded, then corrected where rounding changed most."""
    exact = (counted.T / np.maximum(counted.sum(axis=1), 1) * sizes).T
    exact = exact / exact.sum() * sizes.sum()
    whole = exact.round().astype(int)
    for row, size in enumerate(sizes):
        missing = size - whole[row].sum()
        order = np.argsort(exact[row] - whole[row])
        changed = order[::-1][:missing] if missing > 0 else order[: abs(missing)]
        whole[row, changed] += np.sign(missing)
    return whole
