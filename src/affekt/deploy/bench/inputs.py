"""Inputs of a measurement: generated from the spec of a bundle, or read from a file by its real decoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.answers.batches import make_batch
from affekt.core.answers.networks import StagedNetwork, WholeNetwork
from affekt.core.errors import MediaError
from affekt.core.sample import Sample, Skipped, as_localizing
from affekt.core.spec import InputSpec
from affekt.core.task import Task
from affekt.deploy.runtime.input_types import checked_input
from affekt.deploy.runtime.predictor import Predictor
from affekt.deploy.runtime.samples import as_samples

# Sizes of open axes in generated inputs, by letter. A longer input takes longer: give the real file.
TOKENS, CELLS = 32, 16
HOPS, SAMPLES = 200, 32_000  # about two seconds of sound
_OTHER = 16


@dataclass(frozen=True)
class BenchInputs:
    """Rows of which batches of any size are made.

    Attributes:
        arrays: The spec's inputs by name. First axis: rows (items, or views of one), or cells of time.
        by_cells: Whether the first axis is time: a network of long video answers one medium at a time, and
            its batch size is a number of cells.
    """

    arrays: dict[str, np.ndarray]
    by_cells: bool

    @property
    def unit(self) -> str:
        """What a batch is counted in."""
        return "cells" if self.by_cells else "rows"

    @property
    def sizes(self) -> dict[str, tuple[int, ...]]:
        """Shape of one row of each input."""
        return {name: array.shape[1:] for name, array in self.arrays.items()}

    def batch(self, size: int) -> dict[str, np.ndarray]:
        """A batch of `size` rows, or one medium of `size` cells; rows are repeated where there are fewer."""
        rows = {
            name: np.take(array, np.arange(size) % len(array), axis=0) for name, array in self.arrays.items()
        }
        return {name: row[None] for name, row in rows.items()} if self.by_cells else rows

    def save(self, file: Path) -> None:
        """Write the arrays for other processes."""
        arrays: dict[str, Any] = self.arrays
        np.savez(file, **arrays)

    @classmethod
    def saved(cls, file: Path, by_cells: bool) -> BenchInputs:
        """The arrays that `save` wrote."""
        with np.load(file) as arrays:
            return cls(dict(arrays), by_cells)


def generated(spec: InputSpec, task: Task) -> BenchInputs:
    """One random row with all modalities, or some cells of a medium; open axes have usual sizes."""
    rows = spec.example(np.random.default_rng(0), 1, open_sizes(spec))
    arrays = {name: row[0] for name, row in rows.items()} if task.by_cells else rows
    return BenchInputs(arrays, task.by_cells)


def open_sizes(spec: InputSpec) -> dict[str, int]:
    """Sizes of generated inputs along axes of any size, by their letters (see the axes of the style guide).

    `n` counts samples of a waveform where an input has no further axis, rows of features elsewhere.

    Example:
        >>> from affekt.core.spec import TensorSpec
        >>> open_sizes(InputSpec(inputs=(TensorSpec(name="text", axes="b l", shape=(None,), dtype="int64"),)))
        {'l': 32}
    """
    usual = {"l": TOKENS, "t": CELLS}
    found: dict[str, int] = {}
    for tensor in spec.inputs:
        letters = tensor.axes.split()[1:]
        for letter, size in zip(letters, tensor.shape, strict=True):
            if size is None and letter == "n":
                is_wave = len(letters) == 1 and not tensor.mask
                found[letter] = max(found.get(letter, HOPS), SAMPLES if is_wave else HOPS)
            elif size is None:
                found[letter] = usual.get(letter, _OTHER)
    return found


def read_input(predictor: Predictor, file: Path) -> BenchInputs:
    """The arrays that preprocessing makes of a file: all views of its first item, or its first cells.

    Raises:
        MediaError: It cannot be read.
        UsageError: It does not exist, or is no input of this network.
    """
    sample = first_sample(predictor, file)
    if predictor.task.by_cells:
        return BenchInputs(dict(next(iter(as_localizing(predictor.preprocess).parts(sample)))), by_cells=True)
    batch = make_batch([sample], predictor.preprocess)
    if batch.skipped:
        raise MediaError(str(batch.skipped[0]))
    return BenchInputs({name: batch.arrays[name] for name in predictor.preprocess.spec.names}, by_cells=False)


def first_sample(predictor: Predictor, file: Path) -> Sample:
    """The first item of a file.

    Raises:
        MediaError: It has none that can be read.
        UsageError: It does not exist, or is no input of this network.
    """
    items = as_samples(
        [checked_input(file, predictor.modality)], predictor.modality, earlier_turns=predictor.earlier_turns
    )
    for item in islice(items, 1):
        if isinstance(item, Skipped):
            raise MediaError(str(item))
        return item
    raise MediaError(f"{file} holds nothing to answer")


def answer(network: WholeNetwork, batch: Mapping[str, np.ndarray]) -> None:
    """Compute a batch; a network in two stages encodes the cells of each row first."""
    if isinstance(network, StagedNetwork):
        features = np.stack([network.encode(cells) for cells in batch[network.encoded]])
        batch = {**batch, network.encoded: features}
    network(batch)
