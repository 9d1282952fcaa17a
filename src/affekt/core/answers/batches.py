"""Batches of samples, made in the same way for calibration, evaluation and prediction."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.errors import AffektError
from affekt.core.notes import collect_notes, note
from affekt.core.sample import Preprocess, Sample, Skipped
from affekt.core.spec import InputSpec

# Limits of a batch if the caller gives no batch size. Clips are large, so that bytes are limited as well.
_MAX_BYTES = 64 * 2**20
_MAX_SAMPLES = 64


class Batch(NamedTuple):
    """Inputs of a network for several samples.

    Attributes:
        arrays: The spec's inputs, one row per view of each usable sample.
        counts: Number of views of each usable sample.
        notes: Limitations that were found while each usable sample was read.
        modalities: The modalities of each usable sample that the network takes.
    """

    arrays: dict[str, np.ndarray]
    counts: list[int]
    usable: list[Sample]
    skipped: list[Skipped]
    notes: list[tuple[str, ...]]
    modalities: list[tuple[str, ...]]


def make_batch(samples: Sequence[Sample], preprocess: Preprocess) -> Batch:
    """Stack the views of samples; a sample that cannot be used is skipped, and the reason is kept."""
    rows: list[dict[str, np.ndarray]] = []
    counts: list[int] = []
    usable: list[Sample] = []
    skipped: list[Skipped] = []
    noted: list[tuple[str, ...]] = []
    modalities: list[tuple[str, ...]] = []
    for sample in samples:
        try:
            with collect_notes() as notes:
                views = preprocess.views(sample)
                there = _modalities(sample, preprocess.spec, views)
                views = [preprocess.spec.complete(view) for view in views]
            for view in views:
                preprocess.spec.check(view)
        except AffektError as error:
            skipped.append(Skipped(sample.id, str(error)))
            continue
        rows += views
        counts.append(len(views))
        usable.append(sample)
        noted.append(tuple(notes))
        modalities.append(there)
    arrays = preprocess.spec.stack(rows) if rows else {}
    return Batch(arrays, counts, usable, skipped, noted, modalities)


def _modalities(
    sample: Sample, spec: InputSpec, views: Sequence[Mapping[str, np.ndarray]]
) -> tuple[str, ...]:
    """The modalities of a sample; where any subset will do, those that preprocessing found, with a note."""
    if not spec.takes_subsets or not views:
        return tuple(name for name in spec.modalities if name in sample.media)
    there = spec.given(views[0])
    missing = [name for name in spec.modalities if name not in there]
    if missing:
        note(f"no {' and no '.join(missing)}: the answer is based on {' and '.join(there)} alone")
    return there


@runtime_checkable
class Bounded(Protocol):
    """Preprocessing that states how long inputs with open axes become.

    Attributes:
        open_sizes: The largest size of the open axes by input, such as the samples of the longest sound.
    """

    open_sizes: Mapping[str, int]


def rows_at_once(preprocess: Preprocess, *, many: int = _MAX_SAMPLES) -> int:
    """Number of samples in a batch if the caller gives none, at most `many`.

    Open axes count as the largest size that preprocessing states (`Bounded`), else as 1.
    """
    sizes = preprocess.open_sizes if isinstance(preprocess, Bounded) else {}
    each = sum(
        np.dtype(tensor.dtype).itemsize
        * math.prod(size or sizes.get(tensor.name, 1) for size in tensor.shape)
        for tensor in preprocess.spec.inputs
    )
    return max(1, min(many, _MAX_BYTES // max(each, 1)))
