"""From samples to logits: the one way that calibration, evaluation and a served answer share."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.dataset import Task
from affekt.core.errors import AffektError
from affekt.core.notes import collect_notes
from affekt.core.sample import Localizing, Preprocess, Sample, Skipped
from affekt.core.spec import InputSpec

# A batch of the spec's inputs to logits (b, k): an ONNX graph, or a network in PyTorch.
Network = Callable[[Mapping[str, np.ndarray]], np.ndarray]

# Bytes of a batch, unless somebody says how many samples: clips are large, and memory stays flat.
AT_ONCE = 64 * 2**20
MANY = 64  # samples of a batch at most
BLOCK_CELLS = 512  # of time, that a localization network answers at once


@runtime_checkable
class WholeNetwork(Protocol):
    """A network that can also tell more than its logits."""

    def __call__(self, batch: Mapping[str, np.ndarray], /) -> np.ndarray:
        """Logits (b, k)."""
        ...

    def outputs(self, batch: Mapping[str, np.ndarray], /) -> Mapping[str, np.ndarray]:
        """All that it answers with, by name; `logits` among it."""
        ...


class Prepared(NamedTuple):
    """Samples as a network takes them.

    Attributes:
        batch: The spec's inputs, a row for each view of each usable sample.
        counts: Views of each usable sample.
        notes: Limitations of each usable sample that were found while it was read.
    """

    batch: dict[str, np.ndarray]
    counts: list[int]
    usable: list[Sample]
    skipped: list[Skipped]
    notes: list[tuple[str, ...]]


def prepare(samples: Sequence[Sample], preprocess: Preprocess) -> Prepared:
    """Views of samples, stacked; a sample that cannot be used is skipped with its reason."""
    rows: list[dict[str, np.ndarray]] = []
    counts: list[int] = []
    usable: list[Sample] = []
    skipped: list[Skipped] = []
    noted: list[tuple[str, ...]] = []
    for sample in samples:
        try:
            with collect_notes() as notes:
                views = preprocess.views(sample)
            for view in views:
                preprocess.spec.check(view)
        except AffektError as error:
            skipped.append(Skipped(sample.id, str(error)))
            continue
        rows += views
        counts.append(len(views))
        usable.append(sample)
        noted.append(tuple(notes))
    batch = {name: np.stack([row[name] for row in rows]) for name in preprocess.spec.names} if rows else {}
    return Prepared(batch, counts, usable, skipped, noted)


def answer(
    samples: Sequence[Sample], preprocess: Preprocess, network: Network, task: Task
) -> tuple[np.ndarray, list[Sample], list[Skipped]]:
    """Logits (n, k) of the usable samples, these samples, and the others with their reasons.

    A sample of several views gets the logarithm of their mean scores, which is a logit of it.
    """
    batch, counts, usable, skipped, _ = prepare(samples, preprocess)
    if not usable:
        return np.zeros((0, 0), np.float32), usable, skipped
    return mean_logits(network(batch), counts, task), usable, skipped


def answer_all(
    samples: Sequence[Sample],
    preprocess: Preprocess,
    network: Network,
    task: Task,
    *,
    batch_size: int | None = None,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[np.ndarray, list[Sample], list[Skipped]]:
    """`answer`, batch by batch.

    Args:
        batch_size: Samples at once; as many as `rows_at_once` says if not given.
        on_batch: Told how many of how many samples are done.
    """
    batch_size = batch_size or rows_at_once(preprocess.spec)
    rows: list[np.ndarray] = []
    usable: list[Sample] = []
    skipped: list[Skipped] = []
    for start in range(0, len(samples), batch_size):
        logits, good, bad = answer(samples[start : start + batch_size], preprocess, network, task)
        rows += [logits] if good else []
        usable += good
        skipped += bad
        on_batch(min(start + batch_size, len(samples)), len(samples))
    return np.concatenate(rows) if rows else np.zeros((0, 0), np.float32), usable, skipped


def rows_at_once(spec: InputSpec, *, many: int = MANY) -> int:
    """How many samples fit into `AT_ONCE` bytes, `many` at most; sizes that are open count as 1."""
    each = sum(
        np.dtype(tensor.dtype).itemsize * math.prod(size or 1 for size in tensor.shape)
        for tensor in spec.inputs
    )
    return max(1, min(many, AT_ONCE // max(each, 1)))


def mean_logits(logits: np.ndarray, counts: list[int], task: Task) -> np.ndarray:
    """One row of logits for each sample, from one for each view."""
    if max(counts) == 1:
        return logits
    logits = logits.astype(np.float64)
    yes, no = -np.logaddexp(0.0, -logits), -np.logaddexp(0.0, logits)
    if task == "single_label":
        yes = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    ends = np.cumsum(counts)
    parts = list(zip(ends - counts, ends, strict=True))

    def mean(log_scores: np.ndarray) -> np.ndarray:
        return np.stack([np.logaddexp.reduce(log_scores[i:j], axis=0) - np.log(j - i) for i, j in parts])

    return mean(yes) if task == "single_label" else mean(yes) - mean(no)


# Cells


@runtime_checkable
class PartedNetwork(Protocol):
    """A network whose frozen encoder looks at each cell by itself, so that each is encoded once."""

    encoded: str  # the input that the encoder reads

    def __call__(self, batch: Mapping[str, np.ndarray], /) -> np.ndarray:
        """Logits (b, t, k + 1), where that input holds features already."""
        ...

    def encode(self, cells: np.ndarray, /) -> np.ndarray:
        """Features (t, d) of cells (t, ...)."""
        ...


class Block(NamedTuple):
    """Neighbouring cells, some of which are there for the others' sake.

    Attributes:
        arrays: Inputs by name, first axis t.
        kept: Those cells that count.
    """

    arrays: dict[str, np.ndarray]
    kept: slice


def blocks_of(
    parts: Iterator[dict[str, np.ndarray]], *, context: int, cells: int = BLOCK_CELLS
) -> Iterator[Block]:
    """Parts of any length as blocks of `cells` cells, with `context` more on each side where there are any.

    No more than a block and a part are held at a time.

    Example:
        >>> parts = iter([{"x": np.arange(3)}, {"x": np.arange(3, 5)}])
        >>> [(block.arrays["x"].tolist(), block.kept) for block in blocks_of(parts, context=1, cells=2)]
        [([0, 1, 2], slice(0, 2, None)), ([1, 2, 3, 4], slice(1, 3, None)), ([3, 4], slice(1, 2, None))]
    """
    held: dict[str, np.ndarray] = {}
    before = 0  # cells that are held for the sake of the next ones
    for part in parts:
        held = {name: np.concatenate([held[name], value]) if held else value for name, value in part.items()}
        while len(next(iter(held.values()))) >= before + cells + context:
            stop = before + cells
            yield Block({name: value[: stop + context] for name, value in held.items()}, slice(before, stop))
            held = {name: value[max(0, stop - context) :] for name, value in held.items()}
            before = min(stop, context)
    size = len(next(iter(held.values()))) if held else 0
    if size > before:
        yield Block(held, slice(before, size))


def cell_logits(
    sample: Sample,
    preprocess: Localizing,
    network: Network,
    *,
    block: int = BLOCK_CELLS,
    on_cells: Callable[[int, int], None] = lambda done, total: None,
) -> np.ndarray:
    """Logits (t, k + 1) of all cells of a sample, block by block: memory does not grow with its length.

    Args:
        block: Cells that are answered at once.
        on_cells: Told how many of how many cells are done.

    Raises:
        MediaError: The sample cannot be read.
    """
    total = preprocess.count(sample)
    parts = preprocess.parts(sample)
    if isinstance(network, PartedNetwork):
        parts = ({**part, network.encoded: network.encode(part[network.encoded])} for part in parts)
    rows: list[np.ndarray] = []
    done = 0
    for arrays, kept in blocks_of(parts, context=preprocess.context, cells=block):
        logits = network({name: value[None] for name, value in arrays.items()})[0, kept]
        rows.append(logits)
        done += len(logits)
        on_cells(done, total)
    return np.concatenate(rows)
