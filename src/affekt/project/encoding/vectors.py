"""One vector for each item, from all of its encoded modalities."""

from __future__ import annotations

import sqlite3

import numpy as np

from affekt.core.errors import DataError
from affekt.data.release.features import read_features
from affekt.project.encoding.pooled import pooled, stacked
from affekt.project.encoding.stored import encoded_items
from affekt.project.folder import Project


def item_vectors(project: Project, connection: sqlite3.Connection) -> dict[str, np.ndarray]:
    """Vectors (d,) by item; modalities that an item lacks are zero, and marked as missing.

    Raises:
        DataError: Nothing is encoded.
        MediaError: A file of vectors cannot be read.
    """
    items = encoded_items(project, connection)
    if not items:
        raise DataError("nothing is encoded yet: affekt project encode")
    found = {item: pooled(read_features(one.path, one.sha256)) for item, one in items.items()}
    names = sorted({name for one in found.values() for name in one})
    together = np.concatenate([stacked([one.get(name) for one in found.values()]) for name in names], axis=1)
    return dict(zip(found, together, strict=True))
