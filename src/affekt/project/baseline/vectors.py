"""Encoded modalities of samples as one vector of fixed length for each modality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from affekt.core.sample import Sample

COUNT = "face_count"


@dataclass(frozen=True)
class Vectors:
    """A modality of n samples.

    Attributes:
        values: (n, d) float32; zero where a sample lacks the modality. The last column is 1 where it has it.
    """

    values: np.ndarray

    @property
    def is_there(self) -> np.ndarray:
        """(n,) bool: which samples have the modality."""
        return self.values[:, -1] > 0


def vectors_of(
    samples: Sequence[Sample], on_item: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Vectors]:
    """Vectors by modality; features over time as their mean and maximum.

    Faces count only in frames that have some, with the share of such frames.

    Raises:
        MediaError: A file of features cannot be read.
    """
    found: list[dict[str, np.ndarray]] = []
    for number, sample in enumerate(samples, 1):
        found.append({name: _vector(name, sample) for name in sample.media if name != COUNT})
        on_item(number, len(samples))
    names = sorted({name for one in found for name in one})
    return {name: Vectors(_stacked([one.get(name) for one in found])) for name in names}


def _vector(name: str, sample: Sample) -> np.ndarray:
    values = sample.media[name].values
    if values.ndim == 1:
        return values
    if name == "faces" and COUNT in sample.media:
        has_face = sample.media[COUNT].values[:, 0] > 0
        shown = values[has_face] if has_face.any() else np.zeros_like(values[:1])
        return np.concatenate([shown.mean(axis=0), shown.max(axis=0), [has_face.mean()]]).astype(np.float32)
    return np.concatenate([values.mean(axis=0), values.max(axis=0)])


def _stacked(vectors: Sequence[np.ndarray | None]) -> np.ndarray:
    width = next(len(vector) for vector in vectors if vector is not None)
    values = np.zeros((len(vectors), width + 1), np.float32)
    for row, vector in zip(values, vectors, strict=True):
        if vector is not None:
            row[:-1], row[-1] = vector, 1
    return values
