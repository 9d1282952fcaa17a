"""Tasks that answer a sample with one row of logits: batches, views, and moments of a clip."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

import numpy as np

from affekt.core.answers.ahead import one_ahead
from affekt.core.answers.batches import Batch, make_batch, rows_at_once
from affekt.core.answers.calibration import Calibration
from affekt.core.answers.networks import Network
from affekt.core.answers.prediction import Moment, Prediction
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Preprocess, Sample, Skipped, Timed
from affekt.core.task import Answerer, Answers, OnItem, Task, quiet
from affekt.core.wording import counted
from affekt.tasks.predictions import make_prediction, named

# Why a sample has no answer. A label of such numbers would mean nothing.
NOT_FINITE = (
    "the network answers it with numbers that are not finite: the input is far from anything that the "
    "network knows, or its graph is broken"
)
PREDICTED_AT_ONCE = 32  # largest batch in prediction, where answers are read as they are computed


class RowTask(Task):
    """One row of logits (k,) per sample; several views become one row by their mean scores."""

    @abstractmethod
    def probability(self, logits: np.ndarray, calibration: Calibration) -> np.ndarray:
        """Calibrated scores (n, k) of logits (n, k)."""

    @abstractmethod
    def mean_logits(self, logits: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        """One row of logits for each sample, from one for each view."""

    @abstractmethod
    def decide(self, probability: np.ndarray, labels: LabelSet, calibration: Calibration) -> dict[str, Any]:
        """Fields of the `Prediction` of one sample from its scores (k,); `scores` by name if not given."""

    def outputs(self, classes: int, preprocess: Preprocess) -> dict[str, tuple[int | None, ...]]:
        found: dict[str, tuple[int | None, ...]] = {"logits": (None, classes)}
        if isinstance(preprocess, Timed):
            found |= {"attention": (None, -1), "segment_logits": (None, -1, classes)}
        return found

    def answer(
        self,
        samples: Sequence[Sample],
        preprocess: Preprocess,
        network: Network,
        *,
        batch_size: int | None = None,
        on_item: OnItem = quiet,
    ) -> Answers:
        """Logits (n, k) of the used samples."""
        rows: list[np.ndarray] = []
        used: list[Sample] = []
        skipped: list[Skipped] = []
        for batch in batches_of(samples, preprocess, batch_size=batch_size, on_item=on_item):
            if batch.usable:
                rows.append(self.mean_logits(network(batch.arrays), batch.counts))
            used += batch.usable
            skipped += batch.skipped
        return Answers(np.concatenate(rows) if rows else np.zeros((0, 0), np.float32), used, skipped)

    def predict(
        self,
        answerer: Answerer,
        samples: Iterable[Sample | Skipped],
        *,
        batch_size: int | None = None,
        on_cells: OnItem = quiet,
    ) -> Iterator[Prediction | Skipped]:
        return predict_in_batches(answerer, samples, self.predictions, batch_size=batch_size)

    def rows(self, prediction: Prediction) -> list[dict[str, Any]]:
        scores = {f"score_{name}": value for name, value in prediction.scores.items()}
        return [{**self.shown(prediction), **scores}]

    def predictions(
        self, answerer: Answerer, batch: Batch, outputs: Mapping[str, np.ndarray]
    ) -> Iterator[Prediction]:
        """Predictions of the usable samples of a batch, from the network's outputs for it."""
        logits = self.mean_logits(outputs["logits"], batch.counts)
        probability = self.probability(logits, answerer.calibration)
        first = (np.cumsum(batch.counts) - batch.counts).tolist()
        return (
            make_prediction(
                answerer,
                self.name,
                sample,
                batch.notes[row],
                moments=self.moments_of(answerer, sample, outputs, first[row]),
                modalities=batch.modalities[row],
                **{
                    "scores": named(probability[row], answerer.labels),
                    **self.decide(probability[row], answerer.labels, answerer.calibration),
                },
            )
            for row, sample in enumerate(batch.usable)
        )

    def moments_of(
        self, answerer: Answerer, sample: Sample, outputs: Mapping[str, np.ndarray], row: int
    ) -> tuple[Moment, ...]:
        """Moments of the sample's first view."""
        if not isinstance(answerer.preprocess, Timed):
            return ()
        spans_s, weights = answerer.preprocess.moments(sample)
        attention = weights @ outputs["attention"][row].astype(float)
        segment_logits = weights @ outputs["segment_logits"][row].astype(float)
        scores = self.probability(segment_logits, answerer.calibration)
        return tuple(
            Moment(float(start), float(end), float(weight), named(probability, answerer.labels))
            for (start, end), weight, probability in zip(spans_s, attention, scores, strict=True)
        )


def batches_of(
    samples: Sequence[Sample], preprocess: Preprocess, *, batch_size: int | None, on_item: OnItem
) -> Iterator[Batch]:
    """Batches of samples in order; progress is reported after each."""
    size = batch_size or rows_at_once(preprocess)
    parts = (samples[start : start + size] for start in range(0, len(samples), size))
    done = 0
    for batch in one_ahead(make_batch(part, preprocess) for part in parts):
        yield batch
        done += len(batch.usable) + len(batch.skipped)
        on_item(done, len(samples))


def predict_in_batches(
    answerer: Answerer,
    samples: Iterable[Sample | Skipped],
    predictions: Callable[[Answerer, Batch, Mapping[str, np.ndarray]], Iterator[Prediction]],
    *,
    batch_size: int | None,
) -> Iterator[Prediction | Skipped]:
    """Predictions in the order of the samples; `Skipped` for a sample that cannot be used.

    The next batch is decoded while the network computes one, unless batches of one sample are asked for:
    then nothing is read before it is needed, as for lines that a person types.

    Args:
        predictions: Predictions of the usable samples of a batch, from the network's outputs for it.
    """
    size = batch_size or rows_at_once(answerer.preprocess, many=PREDICTED_AT_ONCE)
    read = _read_batches(samples, answerer.preprocess, size)
    with closing(read if batch_size == 1 else one_ahead(read)) as batches:
        for items, batch in batches:
            yield from _answered(answerer, items, batch, predictions)


def _answered(
    answerer: Answerer,
    items: Sequence[Sample | Skipped],
    batch: Batch,
    predictions: Callable[[Answerer, Batch, Mapping[str, np.ndarray]], Iterator[Prediction]],
) -> Iterator[Prediction | Skipped]:
    """Answers to the items that a batch was read from, in their order."""
    answers: Iterator[Prediction | Skipped] = iter(())
    if batch.usable:
        outputs, is_finite = finite_outputs(answerer.network.outputs(batch.arrays), batch.counts)
        answers = (
            answer if finite else Skipped(answer.id, NOT_FINITE)
            for answer, finite in zip(predictions(answerer, batch, outputs), is_finite, strict=True)
        )
    good, bad = iter(batch.usable), iter(batch.skipped)
    expected = next(good, None)
    # By position, not by id: two different inputs may have the same name.
    for item in items:
        if isinstance(item, Skipped):
            yield item
        elif item is expected:
            yield next(answers)
            expected = next(good, None)
        else:
            yield next(bad)


def _read_batches(
    samples: Iterable[Sample | Skipped], preprocess: Preprocess, size: int
) -> Generator[tuple[list[Sample | Skipped], Batch]]:
    """Up to `size` samples each, and the batch of those that are no `Skipped`."""
    left = iter(samples)
    while items := list(islice(left, size)):
        yield items, make_batch([item for item in items if isinstance(item, Sample)], preprocess)


def finite_outputs(
    outputs: Mapping[str, np.ndarray], counts: Sequence[int]
) -> tuple[Mapping[str, np.ndarray], list[bool]]:
    """Outputs with zeros for the samples that a network answers with NaN or infinity; and which it does not.

    Args:
        outputs: One row per view.
        counts: Number of views of each sample.
    """
    floats = {name: values for name, values in outputs.items() if values.dtype.kind == "f"}
    rows = np.ones(sum(counts), bool)
    for values in floats.values():
        rows &= np.isfinite(values).reshape(len(values), -1).all(axis=1)
    if rows.all():
        return outputs, [True] * len(counts)
    ends = np.cumsum(counts)
    samples = [bool(rows[i:j].all()) for i, j in zip(ends - counts, ends, strict=True)]
    kept = np.repeat(samples, counts)
    cleared = {
        name: np.where(kept.reshape(-1, *[1] * (values.ndim - 1)), values, values.dtype.type(0))
        for name, values in floats.items()
    }
    return {**outputs, **cleared}, samples


def mean_by_sample(log_scores: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """Logarithm of the mean score of each sample's views: (n, k) from (views, k)."""
    ends = np.cumsum(counts)
    parts = zip(ends - counts, ends, strict=True)
    return np.stack([np.logaddexp.reduce(log_scores[i:j], axis=0) - np.log(j - i) for i, j in parts])


class RowScorer(ABC):
    """Collects rows of logits and their targets; scores them when a pass over validation ends.

    Attributes:
        worst: Scores of a network that gives numbers that are not finite: such an epoch is never the best.
    """

    reads: tuple[str, ...] = ("logits",)
    worst: Mapping[str, float]

    def __init__(self) -> None:
        self._batches: list[tuple[np.ndarray, np.ndarray]] = []

    def __len__(self) -> int:
        return len(self._batches)

    def add(self, outputs: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray]) -> None:
        """Logits (b, k) and targets of a batch."""
        self._batches.append((outputs["logits"], targets["label"]))

    def scores(self) -> dict[str, float]:
        """Scores by name."""
        logits, targets = (np.concatenate(part) for part in zip(*self._batches, strict=True))
        self._batches.clear()
        return self.score(logits, targets) if np.isfinite(logits).all() else dict(self.worst)

    @abstractmethod
    def score(self, logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Scores of all rows (n, k) and their targets."""


def mean_by_count(rows: np.ndarray, counts: Sequence[int]) -> np.ndarray:
    """Mean row of each sample's views: (n, k) from (views, k)."""
    if max(counts) == 1:
        return rows
    number = np.array(counts, np.intp)
    sums = np.add.reduceat(rows.astype(np.float64), np.cumsum(number) - number, axis=0)
    return sums / number[:, None]


def worst_of(metrics: Mapping[str, int], *, lowest: float = 0.0) -> dict[str, float]:
    """The worst value of each metric: infinite where lower is better, else `lowest`."""
    return {name: math.inf if sign < 0 else lowest for name, sign in metrics.items()}


def check_known(
    samples: Sequence[Sample], data: LabelSet, network: LabelSet, task: Task
) -> tuple[list[Sample], list[Skipped], dict[str, str | None]]:
    """Samples whose labels the network has, the others with the reason, and the map of labels by name.

    Raises:
        DataError: The network has no label of any sample.
    """
    names = data.map_to(network)
    known: list[Sample] = []
    skipped: list[Skipped] = []
    for sample in samples:
        unknown = [name for name in task.label_weights(sample) if names[name] is None]
        if unknown:
            skipped.append(Skipped(sample.id, f"label {unknown[0]!r} is not known to the network"))
        else:
            known.append(sample)
    if not known:
        raise DataError(f"no label of the data is known to the network: {list(network.names)}")
    return known, skipped, names


def unstated(label_map: Mapping[str, str | None], network: LabelSet) -> list[str]:
    """Labels of the network that no label of the data maps to."""
    return [name for name in network.names if name not in label_map.values()]


def check_answers(answers: Answers, asked: int) -> np.ndarray:
    """Logits (n, k), checked before they are scored.

    Raises:
        DataError: No sample could be used, or the network gives numbers that are not finite.
    """
    logits = np.asarray(answers.values)
    if not answers.used:
        raise DataError(f"none of {counted(asked, 'sample')} could be used, for example {answers.skipped[0]}")
    diverged = np.flatnonzero(~np.isfinite(logits).all(axis=1))
    if len(diverged):
        raise DataError(
            f"the network answers {len(diverged)} of {counted(len(answers.used), 'sample')} with numbers "
            "that are not "
            f"finite, such as {answers.used[diverged[0]].id}: its training diverged, or its graph is broken"
        )
    return logits


def moved(
    targets: np.ndarray, data: LabelSet, network: LabelSet, names: Mapping[str, str | None]
) -> np.ndarray:
    """Targets of a data set's label set in the order of the network's: classes (n,) or weights (n, k)."""
    place = [network.index(name) if (name := names[label]) else -1 for label in data.names]
    if targets.ndim == 1:
        return np.array(place)[targets]
    result = np.zeros((len(targets), len(network)))
    for column, where in enumerate(place):
        if where >= 0:
            result[:, where] += targets[:, column]
    return result
