"""Weights of labels: votes, or several labels at once."""

from __future__ import annotations

import math

from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample


def check_weights(sample: Sample, labels: LabelSet, *, most: float, allowed: str) -> None:
    """Refuse weights of unknown labels and weights out of range; a sample without any is accepted.

    Args:
        most: The largest weight.
        allowed: The range in words.

    Raises:
        DataError: Naming the sample.
    """
    weights = sample.label_weights
    if not weights:
        return
    where = f"sample {sample.id}: label weights"
    if unknown := sorted(set(weights) - set(labels.names)):
        raise DataError(f"{where} name {unknown}, which are not in the label set {list(labels.names)}")
    wrong = {name: value for name, value in weights.items() if not (0 <= value <= most and value < math.inf)}
    if wrong:
        name, value = next(iter(wrong.items()))
        raise DataError(f"{where} have to be {allowed}, found {name} = {value}")
