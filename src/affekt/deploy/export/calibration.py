"""Batches on which ranges of activations are measured: views of training samples, always the same ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from affekt.core.errors import AffektError, ExportError
from affekt.core.sample import Preprocess, Sample, as_localizing
from affekt.deploy.backends.network import CELLS, FEATURES
from affekt.deploy.export.graphs import Graphs

Batch = dict[str, np.ndarray]
MOST_VIEWS = 256
MOST_VALUES = 2**27  # numbers in all views, 0.5 GB: 18 clips of VAANet's published size
VIEWS_AT_ONCE = 8  # limited by memory: the ranges of all tensors are measured together
VALUES_AT_ONCE = 2**22  # numbers in such a batch, unless one view has more
MOST_CELLS = 64  # of one sample of a network that answers cell by cell: its first ones


@dataclass
class CalibrationViews:
    """Views of samples, and from which samples they are.

    Attributes:
        views: Inputs without batch axis.
        samples: Ids, in the order in which they were read.
        skipped: Number of samples that could not be read.
    """

    views: list[Batch] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    skipped: int = 0

    @property
    def is_full(self) -> bool:
        """Whether more views would take too long."""
        return len(self.views) >= MOST_VIEWS or sum(map(_values, self.views)) >= MOST_VALUES

    def document(self) -> dict[str, Any]:
        """What a manifest states. The digest of the ids shows whether two exports saw the same samples."""
        return {
            "part": "train",
            "order": "numpy.random.default_rng(0).permutation",
            "views": len(self.views),
            "samples": len(self.samples),
            "skipped": self.skipped,
            "samples_sha256": hashlib.sha256("\n".join(self.samples).encode()).hexdigest(),
        }


def calibration_views(samples: list[Sample], preprocess: Preprocess, *, by_cells: bool) -> CalibrationViews:
    """Views of the first samples that can be read.

    Args:
        samples: In the order in which they are taken.
        by_cells: Whether the network answers cell by cell; a view is then a run of neighbouring cells.

    Raises:
        ExportError: None of them can be read.
    """
    found = CalibrationViews()
    reason = "there is none"
    for sample in samples:
        if found.is_full:
            break
        try:
            if by_cells:
                first = next(as_localizing(preprocess).parts(sample))
                views = [{name: first[name][:MOST_CELLS] for name in preprocess.spec.names}]
            else:
                views = preprocess.views(sample)
        except AffektError as error:
            found.skipped, reason = found.skipped + 1, str(error)
            continue
        found.views += views
        found.samples.append(sample.id)
    if not found.views:
        raise ExportError(f"no training sample can be used to calibrate int8: {reason}")
    found.views = found.views[:MOST_VIEWS]
    return found


def calibration_batches(
    found: CalibrationViews, preprocess: Preprocess, graphs: Graphs, *, by_cells: bool
) -> tuple[list[Batch], list[Batch]]:
    """Batches for the main graph, and for the encoder; the latter are empty if there is none."""
    if not by_cells:
        size = max(1, min(VIEWS_AT_ONCE, VALUES_AT_ONCE // _values(found.views[0])))
        rows = [found.views[start : start + size] for start in range(0, len(found.views), size)]
        spec = preprocess.spec
        return [spec.stack([spec.complete(view) for view in some]) for some in rows], []
    if graphs.encoded is None or graphs.encoder is None:  # samples differ in length
        return [{name: values[None] for name, values in view.items()} for view in found.views], []
    encoder = graphs.encoder_network()
    main, cells = [], []
    for view in found.views:
        shown = view[graphs.encoded]
        size = max(1, min(VIEWS_AT_ONCE, VALUES_AT_ONCE // shown[0].size))
        parts = [shown[start : start + size] for start in range(0, len(shown), size)]
        features = np.concatenate([encoder.outputs({CELLS: part})[FEATURES] for part in parts])
        cells += [{CELLS: part} for part in parts]
        main.append({name: values[None] for name, values in {**view, graphs.encoded: features}.items()})
    return main, cells


def _values(view: Batch) -> int:
    return sum(values.size for values in view.values())
