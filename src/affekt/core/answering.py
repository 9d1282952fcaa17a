"""From samples to logits: the one way that calibration, evaluation and a served answer share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from affekt.core.dataset import Task
from affekt.core.errors import AffektError
from affekt.core.sample import Preprocess, Sample, Skipped

# A batch of the spec's inputs to logits (b, k): an ONNX graph, or a network in PyTorch.
Network = Callable[[Mapping[str, np.ndarray]], np.ndarray]


def answer(
    samples: Sequence[Sample], preprocess: Preprocess, network: Network, task: Task
) -> tuple[np.ndarray, list[Sample], list[Skipped]]:
    """Logits (n, k) of the usable samples, these samples, and the others with their reasons.

    A sample of several views gets the logarithm of their mean scores, which is a logit of it.
    """
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
    if not usable:
        return np.zeros((0, 0), np.float32), usable, skipped
    logits = network({name: np.stack([row[name] for row in rows]) for name in preprocess.spec.names})
    return _mean(logits, counts, task), usable, skipped


def answer_all(
    samples: Sequence[Sample],
    preprocess: Preprocess,
    network: Network,
    task: Task,
    *,
    batch_size: int = 64,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[np.ndarray, list[Sample], list[Skipped]]:
    """`answer`, batch by batch.

    Args:
        on_batch: Told how many of how many samples are done.
    """
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


def _mean(logits: np.ndarray, counts: list[int], task: Task) -> np.ndarray:
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
