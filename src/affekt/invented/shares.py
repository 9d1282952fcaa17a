"""What was planted: how often each modality shows the label, and the best accuracy from any of them.

A modality of a line shows a cue. It is the cue of the label with the probability `shown`, that of another
label with the probability `misleading`, each of them equally often, and else there is none: the modality is
silent. The cues of a line are independent of each other given its label, and all labels are equally frequent.

So the accuracy of the best possible classifier (Bayes) is known for each subset of the modalities:

    A(S) = 1 / K * sum over all cues c of max over labels y of product over m in S of P(c_m | y)

which is summed up here over all (K + 1) ^ |S| combinations of cues. Without misleading cues it is 1 less the
probability that all are silent, of which 1 / K is guessed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np


class Channel(NamedTuple):
    """Probabilities of the cues of a modality; the rest is silence."""

    shown: float
    misleading: float

    def likelihood(self, classes: int) -> np.ndarray:
        """P(cue | label), (k, k + 1): rows are labels, the last column is silence."""
        found = np.full((classes, classes + 1), self.misleading / (classes - 1))
        np.fill_diagonal(found, self.shown)
        found[:, classes] = 1 - self.shown - self.misleading
        return found


def bayes_accuracy(channels: Sequence[Channel], classes: int) -> float:
    """The largest accuracy that cues of these modalities allow.

    Example:
        One modality that shows a half of the labels; of the other half, one in four is guessed.

        >>> bayes_accuracy([Channel(0.5, 0.0)], 4)
        0.625
        >>> bayes_accuracy([], 4)
        0.25
    """
    joint = np.ones((classes, 1))
    for channel in channels:
        joint = (joint[:, :, None] * channel.likelihood(classes)[:, None, :]).reshape(classes, -1)
    return float(joint.max(axis=0).sum() / classes)


def accuracies(channels: Mapping[str, Channel], classes: int) -> dict[str, float]:
    """`bayes_accuracy` of each subset of the modalities, such as `text+audio`, the small ones first."""
    return {
        "+".join(names): bayes_accuracy([channels[name] for name in names], classes)
        for size in range(1, len(channels) + 1)
        for names in combinations(channels, size)
    }


def likeliest(cues: Mapping[str, int], channels: Mapping[str, Channel], classes: int) -> int:
    """The label that is most probable given the cues of some modalities; the first of equal ones.

    Args:
        cues: Number of the label that a cue belongs to, by modality; `classes` is silence.
    """
    joint = np.ones(classes)
    for name, cue in cues.items():
        joint = joint * channels[name].likelihood(classes)[:, cue]
    return int(joint.argmax())


def draw_cue(rng: np.random.Generator, label: int, channel: Channel, classes: int) -> int:
    """The cue that a modality shows: that of the label, of another one, or silence (`classes`)."""
    kind, other = float(rng.random()), int(rng.integers(classes - 1))
    if kind < channel.shown:
        return label
    if kind < channel.shown + channel.misleading:
        return other + (other >= label)
    return classes
