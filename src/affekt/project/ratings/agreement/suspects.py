"""Items whose label is probably wrong, from the vectors of a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from affekt.core.errors import DataError, MediaError
from affekt.core.files.regular import is_regular
from affekt.core.labels import LabelSet
from affekt.media.arrays import read_npz
from affekt.metrics.agreement.label_noise import LabelNoise
from affekt.project.groups import groups_of
from affekt.project.ratings.agreement.noise import noise_from_features
from affekt.project.ratings.labels import FinalLabel


@dataclass(frozen=True)
class Suspect:
    """An item whose label is probably wrong.

    Attributes:
        label: The one that it has.
        likely: The one with the largest probability.
        own: Probability of its label.
    """

    item: str
    label: str
    likely: str
    own: float


@dataclass(frozen=True)
class Suspects:
    """What the vectors say of the labels.

    Attributes:
        noise: Estimated share of wrong labels.
        items: Number of items with a label and a vector.
        without: Number of items with a label and no vector.
        confusions: (k, k), number of items by their label and by the confident one, summed to the labels.
        found: Those to look at, the least probable label first.
    """

    noise: float
    items: int
    without: int
    confusions: np.ndarray
    found: list[Suspect]


def read_vectors(path: Path) -> dict[str, np.ndarray]:
    """Vectors by item, from a `.npz` with `ids` (n,) of text and `vectors` (n, d) of numbers.

    Raises:
        DataError: It cannot be read, or holds something else.
    """
    if not is_regular(path):
        raise DataError(f"{path} cannot be read: it does not exist, or is no regular file")
    try:
        found = read_npz(path, ("ids", "vectors"))
    except MediaError as error:
        raise DataError(str(error)) from None
    missing = [name for name in ("ids", "vectors") if name not in found]
    if missing:
        raise DataError(f"{path} has no {' and no '.join(missing)}; found {', '.join(found) or 'nothing'}")
    ids, vectors = found["ids"], found["vectors"]
    if ids.ndim != 1 or ids.dtype.kind != "U" or vectors.ndim != 2 or vectors.dtype.kind not in "fiu":
        raise DataError(
            f"{path} needs ids (n,) of text and vectors (n, d) of numbers, found {ids.dtype} {ids.shape} and "
            f"{vectors.dtype} {vectors.shape}"
        )
    if len(ids) != len(vectors) or len(set(ids.tolist())) != len(ids):
        raise DataError(
            f"{path} needs a vector for each id, each id once: found {len(vectors)} vectors, {len(ids)} ids, "
            f"{len(set(ids.tolist()))} of them different"
        )
    return dict(zip(ids.tolist(), vectors, strict=True))


def find_suspects(
    vectors: Mapping[str, np.ndarray],
    final: Mapping[str, FinalLabel],
    labels: LabelSet,
    connection: sqlite3.Connection,
) -> Suspects:
    """Items whose label their vectors contradict; folds keep accounts, events and copies whole.

    Raises:
        DataError: No labelled item has a vector, or there are too few groups or labels.
    """
    labelled = [item for item, one in final.items() if one.label is not None]
    items = [item for item in labelled if item in vectors]
    if not items:
        raise DataError(
            f"none of {len(labelled)} labelled items has a vector: are the ids those of the project?"
        )
    given = np.array([labels.index(str(final[item].label)) for item in items])
    groups = groups_of(connection)
    noise: LabelNoise = noise_from_features(
        np.stack([vectors[item] for item in items]),
        given,
        np.array([groups[item] for item in items]),
        classes=len(labels),
    )
    own = noise.probabilities[np.arange(len(items)), given]
    suspected = np.flatnonzero(noise.is_suspected())
    order = suspected[np.argsort(own[suspected], kind="stable")]
    return Suspects(
        noise=noise.noise,
        items=len(items),
        without=len(labelled) - len(items),
        confusions=noise.calibrated,
        found=[
            Suspect(
                items[place],
                labels.names[given[place]],
                labels.names[int(noise.probabilities[place].argmax())],
                float(own[place]),
            )
            for place in order.tolist()
        ],
    )
