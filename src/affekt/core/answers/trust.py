"""Scores of an input that is worse than those that the network was calibrated on."""

from __future__ import annotations

import math
from dataclasses import replace

from affekt.core.answers.prediction import Prediction


def with_trust(prediction: Prediction, trust: float) -> Prediction:
    """A prediction whose scores are mixed with those of chance: trust * p + (1 - trust) / k for k classes.

    The label stays the same. If trust is the share of the accuracy above chance that remains for such inputs,
    and the scores were calibrated, then they are calibrated for such inputs as well.

    Scores that do not sum to 1, as those of several labels, and ratings have no such chance: they are
    returned as they are, and the notes of the prediction state what limits them.

    Args:
        trust: In [0, 1]; 1 changes nothing.

    Raises:
        ValueError: `trust` is outside [0, 1].
    """
    if not 0 <= trust <= 1:
        raise ValueError(f"trust must be in [0, 1], found {trust}")
    scores = prediction.scores
    if trust == 1 or not scores or not math.isclose(sum(scores.values()), 1.0, abs_tol=0.01):
        return prediction
    mixed = {name: trust * score + (1 - trust) / len(scores) for name, score in scores.items()}
    confidence = mixed.get(prediction.label, prediction.confidence)
    return replace(prediction, scores=mixed, confidence=confidence)
