"""Samples to batches: the one way that training, calibration, evaluation and a served answer share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from affekt.core.errors import AffektError
from affekt.core.notes import collect_notes
from affekt.core.sample import Preprocess, Sample, Skipped
from affekt.core.spec import InputSpec

# Bytes of a batch where no number of samples is given: clips are large, and memory stays flat.
AT_ONCE = 64 * 2**20
MANY = 64  # samples of a batch at most


class Batch(NamedTuple):
    """Samples as a network takes them.

    Attributes:
        arrays: The spec's inputs, a row for each view of each usable sample.
        counts: Views of each usable sample.
        notes: Limitations of each usable sample that were found while it was read.
    """

    arrays: dict[str, np.ndarray]
    counts: list[int]
    usable: list[Sample]
    skipped: list[Skipped]
    notes: list[tuple[str, ...]]


def make_batch(samples: Sequence[Sample], preprocess: Preprocess) -> Batch:
    """Views of samples, stacked; a sample that cannot be used is skipped with its reason."""
    rows: list[dict[str, np.ndarray]] = []
    counts: list[int] = []
    usable: list[Sample] = []
    skipped: list[Skipped] = []
    noted: list[tuple[str, ...]] = []
    for sample in samples:
        try:
            with collect_notes() as notes:
                views = [preprocess.spec.complete(view) for view in preprocess.views(sample)]
            for view in views:
                preprocess.spec.check(view)
        except AffektError as error:
            skipped.append(Skipped(sample.id, str(error)))
            continue
        rows += views
        counts.append(len(views))
        usable.append(sample)
        noted.append(tuple(notes))
    return Batch(preprocess.spec.stack(rows) if rows else {}, counts, usable, skipped, noted)


def rows_at_once(spec: InputSpec, *, many: int = MANY) -> int:
    """How many samples fit into `AT_ONCE` bytes, `many` at most; sizes that are open count as 1."""
    each = sum(
        np.dtype(tensor.dtype).itemsize * math.prod(size or 1 for size in tensor.shape)
        for tensor in spec.inputs
    )
    return max(1, min(many, AT_ONCE // max(each, 1)))
