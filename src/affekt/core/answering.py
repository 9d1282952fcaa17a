"""From samples to logits: the one way that calibration, evaluation and a served answer share."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.dataset import Task
from affekt.core.errors import AffektError
from affekt.core.sample import Preprocess, Sample, Skipped
from affekt.core.spec import InputSpec

# A batch of the spec's inputs to logits (b, k): an ONNX graph, or a network in PyTorch.
Network = Callable[[Mapping[str, np.ndarray]], np.ndarray]

# Bytes of a batch, unless somebody says how many samples: clips are large, and memory stays flat.
AT_ONCE = 64 * 2**20
MANY = 64  # samples of a batch at most


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
    """

    batch: dict[str, np.ndarray]
    counts: list[int]
    usable: list[Sample]
    skipped: list[Skipped]


def prepare(samples: Sequence[Sample], preprocess: Preprocess) -> Prepared:
    """Views of samples, stacked; a sample that cannot be used is skipped with its reason."""
    rows: list[dict[str, np.ndarray]] = []
    counts: list[int] = []
    usable: list[Sample] = []
    skipped: list[Skipped] = []
    for sample in samples:
        try:
            views = preprocess.views(sample)
            for view in views:
                preprocess.spec.check(view)
        except AffektError as error:
            skipped.append(Skipped(sample.id, str(error)))
            continue
        rows += views
        counts.append(len(views))
        usable.append(sample)
    batch = {name: np.stack([row[name] for row in rows]) for name in preprocess.spec.names} if rows else {}
    return Prepared(batch, counts, usable, skipped)


def answer(
    samples: Sequence[Sample], preprocess: Preprocess, network: Network, task: Task
) -> tuple[np.ndarray, list[Sample], list[Skipped]]:
    """Logits (n, k) of the usable samples, these samples, and the others with their reasons.

    A sample of several views gets the logarithm of their mean scores, which is a logit of it.
    """
    batch, counts, usable, skipped = prepare(samples, preprocess)
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
