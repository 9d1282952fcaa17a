"""Encoded modalities as one vector of fixed length for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

FACES, FACE_COUNT = "faces", "face_count"


def pooled(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Mean and maximum over time of each modality of one item; what has no time axis stays as it is.

    Faces count only in frames that have some; the share of such frames comes with them.
    """
    found: dict[str, np.ndarray] = {}
    for name, values in arrays.items():
        if name == FACE_COUNT:
            continue
        if values.ndim == 1:
            found[name] = values
        elif name == FACES:
            has_face = arrays[FACE_COUNT][:, 0] > 0
            shown = values[has_face] if has_face.any() else np.zeros_like(values[:1])
            found[name] = np.concatenate([shown.mean(axis=0), shown.max(axis=0), [has_face.mean()]])
        else:
            found[name] = np.concatenate([values.mean(axis=0), values.max(axis=0)])
    return found


def stacked(vectors: Sequence[np.ndarray | None]) -> np.ndarray:
    """Vectors (d,) of n items as (n, d + 1) float32: zero for None; the last column is 1 for the others."""
    width = next(len(vector) for vector in vectors if vector is not None)
    values = np.zeros((len(vectors), width + 1), np.float32)
    for row, vector in zip(values, vectors, strict=True):
        if vector is not None:
            row[:-1], row[-1] = vector, 1
    return values
