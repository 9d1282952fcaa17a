"""Encoded modalities of samples as one matrix for each modality."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from affekt.core.sample import Sample
from affekt.project.encoding.pooled import pooled, stacked


def vectors_of(
    samples: Sequence[Sample], on_item: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, np.ndarray]:
    """Matrices (n, d) float32 by modality; the last column is 1 where a sample has the modality.

    Raises:
        MediaError: A file of features cannot be read.
    """
    found: list[dict[str, np.ndarray]] = []
    for number, sample in enumerate(samples, 1):
        found.append(pooled({name: sample.media[name].values for name in sample.media}))
        on_item(number, len(samples))
    names = sorted({name for one in found for name in one})
    return {name: stacked([one.get(name) for one in found]) for name in names}
