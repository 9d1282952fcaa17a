"""Several answers to one sample, such as an emotion and a rating: one head of the network for each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.answers.batches import Batch
from affekt.core.answers.calibration import Calibration
from affekt.core.answers.networks import Network, WholeNetwork
from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.answers.tally import Tally
from affekt.core.errors import DataError, UsageError
from affekt.core.labels import LabelSet
from affekt.core.sample import Annotation, Preprocess, Sample, Skipped
from affekt.core.settings import Settings, validate
from affekt.core.task import (
    Answerer,
    Answers,
    Fitted,
    Head,
    OnItem,
    Scored,
    Scorer,
    Task,
    TaskDocument,
    find_task,
    quiet,
    table_rows,
)
from affekt.tasks.rows import RowTask, batches_of, predict_in_batches

_NAME = re.compile("[a-z][a-z0-9_]*")


class Heads(Task):
    """The first head is the main one: labels, class weights, sampling and selection are its own.

    Every sample that is trained on or scored has an annotation for each head. Scores and columns of a further
    head begin with its name.

    Attributes:
        first: The first head.

    Raises:
        UsageError: The heads do not fit together.

    Example:
        >>> from affekt.core.labels import label_set
        >>> from affekt.core.task import find_task
        >>> mood = Head("mood", find_task("single_label"), label_set("sentiment-3"), "logits")
        >>> rating = Head("rating", find_task("regression"), LabelSet.of("valence"), "valence")
        >>> Heads(mood, rating).name
        'single_label+regression'
    """

    def __init__(self, *heads: Head) -> None:
        _check(heads)
        self.heads = heads
        self.first, self.further = heads[0], heads[1:]
        self._tasks = {head.name: _row_task(head) for head in heads}
        main = self.first.task
        self.name = "+".join(head.task.name for head in heads)
        self.answers = tuple(head.output for head in heads)
        self.metrics = {
            **main.metrics,
            **{f"{it.name}/{name}": sign for it in self.further for name, sign in it.task.metrics.items()},
        }
        self.selects_by, self.loss, self.losses = main.selects_by, main.loss, main.losses
        self.fewest_labels, self.fewest_learned = main.fewest_labels, main.fewest_learned
        self.has_classes, self.has_several = main.has_classes, main.has_several
        if all(head.task.gate for head in heads):
            self.gate = (*main.gate, *(f"{it.name}/{name}" for it in self.further for name in it.task.gate))
        self.postprocessing = "; ".join(f"{it.output}: {it.task.postprocessing}" for it in heads)

    def document(self) -> TaskDocument:
        return [
            {
                "name": head.name,
                "task": head.task.name,
                "labels": head.labels.model_dump(mode="json"),
                "output": head.output,
            }
            for head in self.heads
        ]

    def is_served(self, tasks: Sequence[str]) -> bool:
        return all(head.task.name in tasks for head in self.heads)

    def can_score(self, task: Task) -> bool:
        """Whether the data have the same heads; labels of the first one are mapped by name."""
        return task.name == self.name and _names(task.further) == _names(self.further)

    # Samples and their targets

    def check_labels(self, labels: LabelSet) -> None:
        if labels.names != self.first.labels.names:
            raise DataError(
                f"the labels are {list(labels.names)}, but those of the first head, {self.first.name}, are "
                f"{list(self.first.labels.names)}"
            )
        for head in self.heads:
            head.task.check_labels(head.labels)

    def invent(self, number: int, labels: LabelSet) -> Sample:
        invented = {head.name: head.task.invent(number, head.labels) for head in self.further}
        annotations = {
            name: Annotation(it.label, it.label_weights, it.values) for name, it in invented.items()
        }
        return replace(self.first.task.invent(number, labels), annotations=annotations)

    def check(self, sample: Sample, labels: LabelSet) -> None:
        self.first.task.check(sample, labels)
        known = {head.name: head for head in self.further}
        if unknown := sorted(set(sample.annotations) - set(known)):
            raise DataError(f"sample {sample.id}: annotations of {unknown}, expected of {list(known)}")
        for name, head in known.items():
            own = sample_of_head(sample, name)
            if own.label is not None and own.label not in head.labels.names:
                raise DataError(
                    f"sample {sample.id}: {own.label!r} is not a label of {name}: {list(head.labels.names)}"
                )
            head.task.check(own, head.labels)

    def is_labelled(self, sample: Sample) -> bool:
        """Whether a sample has an annotation for every head."""
        return self.first.task.is_labelled(sample) and all(
            head.task.is_labelled(sample_of_head(sample, head.name)) for head in self.further
        )

    def label_weights(self, sample: Sample) -> Mapping[str, float]:
        return self.first.task.label_weights(sample)

    def classes_of(self, sample: Sample) -> list[str]:
        return self.first.task.classes_of(sample)

    def targets(self, samples: Sequence[Sample], labels: LabelSet) -> np.ndarray:
        """Targets of the first head."""
        return self.first.task.targets(samples, labels)

    def further_targets(self, samples: Sequence[Sample]) -> dict[str, np.ndarray]:
        return {
            f"label/{head.name}": head.task.targets(_samples_of(head, samples), head.labels)
            for head in self.further
        }

    # Network and preprocessing

    def fits(self, preprocess: Preprocess) -> bool:
        return all(head.task.fits(preprocess) for head in self.heads)

    def outputs(self, classes: int, preprocess: Preprocess) -> dict[str, tuple[int | None, ...]]:
        return {
            **self.first.task.outputs(classes, preprocess),
            **{head.output: (None, len(head.labels)) for head in self.further},
        }

    # Scores

    def scorer(self, samples: Sequence[Sample], preprocess: Preprocess, labels: LabelSet) -> Scorer:
        first = self.first.task.scorer(samples, preprocess, labels)
        whole = _Whole(preprocess)
        further = [
            (head, head.task.scorer(_samples_of(head, samples), whole, head.labels)) for head in self.further
        ]
        return _HeadsScorer(first, further)

    def answer(
        self,
        samples: Sequence[Sample],
        preprocess: Preprocess,
        network: Network,
        *,
        batch_size: int | None = None,
        on_item: OnItem = quiet,
    ) -> Answers:
        """Logits (n, k) of the used samples, by the name of the head.

        Raises:
            TypeError: The network gives logits only.
        """
        if not isinstance(network, WholeNetwork):
            raise TypeError("several heads need a network that gives all of its outputs")
        rows: dict[str, list[np.ndarray]] = {head.name: [] for head in self.heads}
        used: list[Sample] = []
        skipped: list[Skipped] = []
        for batch in batches_of(samples, preprocess, batch_size=batch_size, on_item=on_item):
            if batch.usable:
                outputs = network.outputs(batch.arrays)
                for head in self.heads:
                    mean = self._tasks[head.name].mean_logits(outputs[head.output], batch.counts)
                    rows[head.name].append(mean)
            used += batch.usable
            skipped += batch.skipped
        nothing = np.zeros((0, 0), np.float32)
        values = {name: np.concatenate(part) if part else nothing for name, part in rows.items()}
        return Answers(values, used, skipped)

    def calibrate(self, answers: Answers, preprocess: Preprocess, labels: LabelSet) -> Fitted:
        """The calibration of the first head, and those of the others under `heads`."""
        first = self.first.task.calibrate(self._first_answers(answers), preprocess, labels)
        further = {
            head.name: head.task.calibrate(_answers_of(head, answers), _Whole(preprocess), head.labels)
            for head in self.further
        }

        def draw(folder: Path) -> None:
            first.draw(folder)
            for name, fitted in further.items():
                fitted.draw(_folder_of(name, folder))

        heads = {name: fitted.document for name, fitted in further.items()}
        return Fitted({**first.document, "heads": heads}, draw)

    def gate_scores(self, answers: Answers, labels: LabelSet) -> dict[str, float]:
        scores = self.first.task.gate_scores(self._first_answers(answers), labels)
        for head in self.further:
            found = head.task.gate_scores(_answers_of(head, answers), head.labels)
            scores |= {f"{head.name}/{name}": value for name, value in found.items()}
        return scores

    def evaluate(
        self,
        answerer: Answerer,
        samples: Sequence[Sample],
        labels: LabelSet,
        folder: Path,
        *,
        on_item: OnItem = quiet,
    ) -> Scored:
        """The result of the first head, with the scores and predictions of the others.

        The samples are computed once for each head.
        """
        result = self.first.task.evaluate(answerer, samples, labels, folder, on_item=on_item)
        scores, intervals, notes = dict(result.scores), dict(result.intervals), [*result.notes]
        rows = {row["id"]: dict(row) for row in result.predictions}
        used = [sample for sample in samples if sample.id in rows]
        for head in self.further:
            own = _samples_of(head, used)
            found = head.task.evaluate(
                _HeadAnswerer.of(head, answerer), own, head.labels, _folder_of(head.name, folder)
            )
            scores |= {f"{head.name}/{name}": value for name, value in found.scores.items()}
            intervals |= {f"{head.name}/{name}": value for name, value in found.intervals.items()}
            notes += [f"{head.name}: {note}" for note in found.notes]
            by_id = {row["id"]: row for row in found.predictions}
            columns = [name for name in found.predictions[0] if name not in ("id", "subject")]
            for name, row in rows.items():
                row |= {f"{head.name}_{column}": by_id[name][column] for column in columns}
        return replace(
            result, scores=scores, intervals=intervals, notes=tuple(notes), predictions=list(rows.values())
        )

    def tally(self, rows: Sequence[Mapping[str, Any]], labels: LabelSet) -> Tally | None:
        """That of the first head."""
        return self.first.task.tally(rows, labels)

    # Answers

    def predict(
        self,
        answerer: Answerer,
        samples: Iterable[Sample | Skipped],
        *,
        batch_size: int | None = None,
        on_cells: OnItem = quiet,
    ) -> Iterator[Prediction | Skipped]:
        return predict_in_batches(answerer, samples, self._predictions, batch_size=batch_size)

    def rows(self, prediction: Prediction) -> list[dict[str, Any]]:
        return table_rows(prediction)

    def shown(self, prediction: Prediction) -> dict[str, Any]:
        shown = dict(self.first.task.shown(prediction))
        for head in self.further:
            own = head.task.shown(prediction.heads[head.name])
            shown |= {f"{head.name}_{column}": value for column, value in own.items()}
        return shown

    def _predictions(
        self, answerer: Answerer, batch: Batch, outputs: Mapping[str, np.ndarray]
    ) -> Iterator[Prediction]:
        first = self._tasks[self.first.name].predictions(answerer, batch, outputs)
        further = {
            head.name: self._tasks[head.name].predictions(
                _HeadAnswerer.of(head, answerer), batch, {"logits": outputs[head.output]}
            )
            for head in self.further
        }
        for prediction in first:
            yield replace(prediction, heads={name: next(found) for name, found in further.items()})

    def _first_answers(self, answers: Answers) -> Answers:
        return answers._replace(values=answers.values[self.first.name])


def sample_of_head(sample: Sample, name: str) -> Sample:
    """The sample with its annotation for a further head in place of its own."""
    stated = sample.annotations.get(name, Annotation())
    return replace(
        sample,
        label=stated.label,
        label_weights=stated.label_weights,
        values=stated.values,
        segments=None,
        points=(),
        annotations={},
    )


class _StatedHead(Settings):
    """A head as `Heads.document` states it."""

    name: str
    task: str
    labels: LabelSet
    output: str


class _StatedHeads(Settings):
    heads: tuple[_StatedHead, ...]


def read_heads(document: Sequence[Mapping[str, Any]]) -> Heads:
    """The heads that `Heads.document` states.

    Raises:
        UsageError: A value is missing or impossible, or the heads do not fit together.
    """
    stated, problems = validate(_StatedHeads, {"heads": document})
    if stated is None:
        raise UsageError("\n  ".join(["heads of a network", *problems]))
    return Heads(*(Head(it.name, find_task(it.task), it.labels, it.output) for it in stated.heads))


class _HeadsScorer:
    """Scores of the first head, and those of the others by their names."""

    def __init__(self, first: Scorer, further: Sequence[tuple[Head, Scorer]]) -> None:
        self.first, self.further = first, further
        self.reads = (*first.reads, *(head.output for head, _ in further))

    def __len__(self) -> int:
        return len(self.first)

    def add(self, outputs: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray]) -> None:
        self.first.add(outputs, targets)
        for head, scorer in self.further:
            scorer.add({"logits": outputs[head.output]}, {"label": targets[f"label/{head.name}"]})

    def scores(self) -> dict[str, float]:
        scores = self.first.scores()
        for head, scorer in self.further:
            scores |= {f"{head.name}/{name}": value for name, value in scorer.scores().items()}
        return scores


class _Whole:
    """Preprocessing without moments: the segments that a network weighs belong to its first head."""

    def __init__(self, inner: Preprocess) -> None:
        self.inner, self.spec = inner, inner.spec

    def fit(self, samples: list[Sample]) -> Mapping[str, Any]:
        return self.inner.fit(samples)

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        return self.inner.views(sample)

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        return self.inner(sample, rng=rng)


@dataclass(frozen=True)
class _HeadNetwork:
    """A network with one of its outputs as `logits`, and no others."""

    network: WholeNetwork
    output: str

    def __call__(self, batch: Mapping[str, np.ndarray], /) -> np.ndarray:
        return self.network.outputs(batch)[self.output]

    def outputs(self, batch: Mapping[str, np.ndarray], /) -> Mapping[str, np.ndarray]:
        return {"logits": self(batch)}


@dataclass(frozen=True)
class _HeadAnswerer:
    """What is needed to predict with one further head."""

    preprocess: Preprocess
    network: WholeNetwork
    labels: LabelSet
    calibration: Calibration
    modality: str
    provenance: Provenance

    @classmethod
    def of(cls, head: Head, answerer: Answerer) -> _HeadAnswerer:
        return cls(
            _Whole(answerer.preprocess),
            _HeadNetwork(answerer.network, head.output),
            head.labels,
            answerer.calibration.heads.get(head.name, Calibration()),
            answerer.modality,
            answerer.provenance,
        )


def _check(heads: Sequence[Head]) -> None:
    """Refuse heads that do not fit together."""
    names, outputs = [head.name for head in heads], [head.output for head in heads]
    problem = ""
    if len(heads) < 2:
        problem = f"several heads are needed, found {names}"
    elif wrong := [name for name in names if not _NAME.fullmatch(name)]:
        problem = f"a head's name has small letters, digits and _ only, found {wrong[0]!r}"
    elif len(set(names)) < len(names) or len(set(outputs)) < len(outputs):
        problem = f"names and outputs of heads have to differ, found {names} and {outputs}"
    elif outputs[0] != "logits":
        problem = f"the output of the first head has to be 'logits', found {outputs[0]!r}"
    if problem:
        raise UsageError(problem)


def _row_task(head: Head) -> RowTask:
    if not isinstance(head.task, RowTask):
        raise UsageError(
            f"head {head.name}: {head.task.name} does not answer a sample with one row of logits"
        )
    return head.task


def _names(heads: Sequence[Head]) -> list[tuple[str, frozenset[str]]]:
    """Name and labels of each head."""
    return [(head.name, frozenset(head.labels.names)) for head in heads]


def _samples_of(head: Head, samples: Sequence[Sample]) -> list[Sample]:
    return [sample_of_head(sample, head.name) for sample in samples]


def _answers_of(head: Head, answers: Answers) -> Answers:
    return Answers(answers.values[head.name], _samples_of(head, answers.used), answers.skipped)


def _folder_of(name: str, folder: Path) -> Path:
    """The folder of a head's figures."""
    place = folder / name
    place.mkdir(exist_ok=True)
    return place
