"""A task: the kind of prediction, and everything that depends on it.

This includes targets and their checks, the loss, scores of validation and of an export's gate, calibration,
predictions, tables and figures. Engine, evaluation and deployment call the task and never branch on its type.
A method states the tasks that it serves (`Method.tasks`), a data set states its own (`Corpus.task`). A task
is a module `affekt.tasks.<name>` with `TASK = ...`, or an entry point of the group `affekt.tasks`.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.answers.calibration import Calibration
from affekt.core.answers.networks import Network, WholeNetwork
from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.answers.tally import Tally
from affekt.core.errors import DataError, UsageError
from affekt.core.labels import LabelSet
from affekt.core.registry import Registry, declared, registry
from affekt.core.sample import Preprocess, Sample, Skipped
from affekt.core.settings import closest
from affekt.core.wording import counted

TaskDocument = str | list[dict[str, Any]]  # a task as plain JSON values
OnItem = Callable[[int, int], None]  # called with the number of items that are done, and of all items


def quiet(done: int, total: int) -> None:
    """Do not report progress."""


class Answers(NamedTuple):
    """Outputs of a network for samples.

    Attributes:
        values: One entry per used sample, in order; its type depends on the task.
    """

    values: Any
    used: list[Sample]
    skipped: list[Skipped]


@runtime_checkable
class Answerer(Protocol):
    """Everything that is needed to predict, such as an `affekt.deploy.runtime.predictor.Predictor`."""

    @property
    def preprocess(self) -> Preprocess: ...
    @property
    def network(self) -> WholeNetwork: ...
    @property
    def labels(self) -> LabelSet: ...
    @property
    def calibration(self) -> Calibration: ...
    @property
    def modality(self) -> str: ...
    @property
    def provenance(self) -> Provenance: ...


@runtime_checkable
class Scorer(Protocol):
    """Collects the outputs of one pass over validation samples.

    Attributes:
        reads: Names of the network's outputs that it needs.
    """

    reads: tuple[str, ...]

    def add(self, outputs: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray]) -> None:
        """Add the outputs for a batch, and its targets."""
        ...

    def scores(self) -> dict[str, float]:
        """Scores by name of everything that was added since the last call."""
        ...

    def __len__(self) -> int:
        """Number of batches or samples that were added."""
        ...


class Fitted(NamedTuple):
    """A calibration, and measurements of how well it fits.

    Attributes:
        document: Plain values for the run's `calibration.json`; `Calibration` reads them.
        draw: Draws its figures into a folder.
    """

    document: dict[str, Any]
    draw: Callable[[Path], None] = lambda folder: None


@dataclass(frozen=True)
class Scored:
    """The result of an evaluation.

    Attributes:
        scores: Metrics by name.
        intervals: 95 % intervals of scores (`affekt.metrics.intervals`).
        interval_over: The independent units of the intervals: `subjects`, `items` or `videos`.
        interval_note: A limitation of the intervals, such as too few subjects; usually empty.
        per_class: One row per class; `columns` selects what tables show of it.
        columns: Keys of `per_class` and their headings.
        confusion: Confusion matrix of tasks with a single label; empty for others.
        labels: Labels of the network.
        label_map: The network's name of each label of the data; None if the network lacks it.
        predictions: Rows of the predictions file.
        label_hint: A warning if the labels seem to be in another order than the outputs; usually empty.
        localization: Average precision of key segments by temporal IoU, if samples have annotated segments
            and the network weighs segments of time.
        notes: What limits the scores, a sentence each.
        samples: Number of samples that were scored.
    """

    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    per_class: list[dict[str, Any]]
    labels: tuple[str, ...]
    predictions: list[dict[str, Any]]
    columns: Mapping[str, str] = field(default_factory=dict)
    confusion: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), int))
    label_map: Mapping[str, str | None] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    label_hint: str = ""
    localization: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    samples: int = 0
    interval_over: str = ""
    interval_note: str = ""


@dataclass(frozen=True)
class Head:
    """One of several answers of a network to a sample.

    Attributes:
        output: Field of the network's output that holds the answer; that of the first head is `logits`.
    """

    name: str
    task: Task
    labels: LabelSet
    output: str


class Task(ABC):
    """A kind of prediction.

    Attributes:
        name: As data sets, checkpoints and bundles state it.
        metrics: Validation scores that can select an epoch; +1 if higher is better, -1 if lower is.
        selects_by: The one that is suggested where a recipe names none of them.
        loss: The loss of (logits, target), as `module:function`; see `affekt.engine.objectives.criterion`.
        losses: Losses that a recipe can name (`loss.name`), each as `loss`; empty if there is no choice.
        gate: Scores that int8 must not lower by more than one point; empty if int8 is not supported.
        postprocessing: How outputs become scores, in words, for a bundle's manifest.
        needs_labels: Whether samples without annotation are left out of training and evaluation.
        fewest_labels: Number of names that a label set of the task has at least.
        fewest_learned: Number of classes that training samples have at least; one is enough where a class
            is distinguished from the rest of a medium.
        has_classes: Whether labels are classes, which can be counted, weighted and balanced.
        has_several: Whether a sample can have several labels at once, or none.
        by_cells: Whether a network has an output per time cell (`affekt.core.sample.Localizing`), so that a
            medium of any length is processed in constant memory and the graph has the output `logits` only.
        also_scores: Further tasks on whose data its predictions can be scored.
        further: Heads of the network after the first one; their targets are `label/<name>`.
        answers: Outputs of the network from which predictions are made.
    """

    name: str
    metrics: Mapping[str, int]
    selects_by: str
    loss: str
    gate: tuple[str, ...] = ()
    postprocessing: str
    needs_labels: bool = True
    fewest_labels: int = 2
    fewest_learned: int = 2
    has_classes: bool = True
    has_several: bool = False
    by_cells: bool = False
    also_scores: tuple[str, ...] = ()
    further: tuple[Head, ...] = ()
    answers: tuple[str, ...] = ("logits",)
    losses: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"Task({self.name})"

    def __reduce__(self) -> tuple[Any, ...]:
        return read_task, (self.document(),)

    def document(self) -> TaskDocument:
        """Plain values from which `read_task` makes the task: its name, or a row for each of its heads."""
        return self.name

    def is_served(self, tasks: Sequence[str]) -> bool:
        """Whether a method that states these tasks serves this one."""
        return self.name in tasks

    def can_score(self, task: Task) -> bool:
        """Whether predictions can be scored on the data of a task."""
        return task.name in (self.name, *self.also_scores)

    def loss_of(self, name: str | None) -> str:
        """The loss that a recipe names, as `module:function`; `loss` if it names none.

        Raises:
            UsageError: The task has no loss of that name.
        """
        if name is None:
            return self.loss
        if name not in self.losses:
            choice = (
                f"use one of {', '.join(self.losses)}" if self.losses else "it has one loss: leave it out"
            )
            raise UsageError(
                f"loss.name = {name!r} is not a loss of {self.name}: {choice}{closest(name, self.losses)}"
            )
        return self.losses[name]

    def loss_name(self, name: str | None) -> str:
        """Name of the loss that a recipe names, as in the path of a run folder."""
        return self.loss_of(name).rpartition(":")[2]

    # Samples and their targets

    def check_labels(self, labels: LabelSet) -> None:
        """Refuse a label set with too few names.

        Raises:
            DataError: Naming both numbers.
        """
        if len(labels) < self.fewest_labels:
            raise DataError(
                f"{self.name} needs a label set of at least "
                f"{counted(self.fewest_labels, 'name')}, found {list(labels.names)}"
            )

    def usable(self, samples: Sequence[Sample]) -> list[Sample]:
        """Samples that can be trained on and scored: those with an annotation, where the task needs one."""
        return [sample for sample in samples if not self.needs_labels or self.is_labelled(sample)]

    def invent(self, number: int, labels: LabelSet) -> Sample:
        """A sample with an invented annotation and no media, for checks of methods."""
        return Sample(str(number), {}, labels.names[number % len(labels)])

    @abstractmethod
    def check(self, sample: Sample, labels: LabelSet) -> None:
        """Refuse an annotation that cannot be turned into a target; samples without annotation pass.

        Raises:
            DataError: Naming the sample.
        """

    def is_labelled(self, sample: Sample) -> bool:
        """Whether a sample has an annotation of this task."""
        return sample.label is not None or bool(sample.label_weights)

    @abstractmethod
    def label_weights(self, sample: Sample) -> Mapping[str, float]:
        """Weight of each label of a sample, by name; empty without annotation."""

    def classes_of(self, sample: Sample) -> list[str]:
        """Labels under which a sample is counted in tables of classes."""
        weights = self.label_weights(sample)
        return [max(weights, key=lambda name: weights[name])] if weights else []

    @abstractmethod
    def targets(self, samples: Sequence[Sample], labels: LabelSet) -> np.ndarray:
        """The batch entry `label`, one row per sample.

        Raises:
            DataError: A sample has no annotation of this task, or one that does not fit.
        """

    def further_targets(self, samples: Sequence[Sample]) -> dict[str, np.ndarray]:
        """The batch entries `label/<name>` of the further heads, one row per sample.

        Raises:
            DataError: A sample has no annotation of a head, or one that does not fit.
        """
        return {}

    def targets_of_item(
        self,
        sample: Sample,
        arrays: Mapping[str, np.ndarray],
        preprocess: Preprocess,
        labels: LabelSet,
        *,
        training: bool,
    ) -> dict[str, np.ndarray]:
        """Further targets of one sample, by their names in the batch.

        Args:
            arrays: The sample's inputs.

        Raises:
            MediaError: The sample cannot be used.
        """
        return {}

    # Network and preprocessing

    def fits(self, preprocess: Preprocess) -> bool:
        """Whether a method's preprocessing can serve the task."""
        return True

    @abstractmethod
    def outputs(self, classes: int, preprocess: Preprocess) -> dict[str, tuple[int | None, ...]]:
        """Outputs that a network must have: name to sizes of the axes.

        None stands for an axis of any size, -1 for a size that is not known.
        """

    # Scores

    @abstractmethod
    def scorer(self, samples: Sequence[Sample], preprocess: Preprocess, labels: LabelSet) -> Scorer:
        """The scorer of validation.

        Raises:
            DataError: The samples cannot be scored.
        """

    @abstractmethod
    def answer(
        self,
        samples: Sequence[Sample],
        preprocess: Preprocess,
        network: Network,
        *,
        batch_size: int | None = None,
        on_item: OnItem = quiet,
    ) -> Answers:
        """Outputs of a network for samples, before calibration."""

    @abstractmethod
    def calibrate(self, answers: Answers, preprocess: Preprocess, labels: LabelSet) -> Fitted:
        """Fit the calibration on the outputs for validation samples."""

    def gate_scores(self, answers: Answers, labels: LabelSet) -> dict[str, float]:
        """The scores named by `gate`."""
        return {}

    @abstractmethod
    def evaluate(
        self,
        answerer: Answerer,
        samples: Sequence[Sample],
        labels: LabelSet,
        folder: Path,
        *,
        on_item: OnItem = quiet,
    ) -> Scored:
        """Score a network on samples, and draw figures into `folder`, which exists.

        Args:
            labels: Labels of the data; they are mapped to those of the network by name.

        Raises:
            DataError: The samples cannot be scored.
        """

    def tally(self, rows: Sequence[Mapping[str, Any]], labels: LabelSet) -> Tally | None:
        """What of the answers adds up over items; None if scores do not follow from sums over items.

        Args:
            rows: Of the predictions file (`Scored.predictions`), as values or as texts.
            labels: Of the network.
        """
        return None

    # Answers

    @abstractmethod
    def predict(
        self,
        answerer: Answerer,
        samples: Iterable[Sample | Skipped],
        *,
        batch_size: int | None = None,
        on_cells: OnItem = quiet,
    ) -> Iterator[Prediction | Skipped]:
        """Predictions in the order of the samples; `Skipped` for a sample that cannot be used."""

    @abstractmethod
    def rows(self, prediction: Prediction) -> list[dict[str, Any]]:
        """A prediction as rows of a table: one row, or one per detection."""

    def shown(self, prediction: Prediction) -> dict[str, Any]:
        """Columns of a prediction in a terminal."""
        return {"label": prediction.label, "confidence": prediction.confidence}


@cache
def list_tasks() -> tuple[str, ...]:
    """Names of all tasks."""
    return tuple(_tasks().names)


@cache
def find_task(name: str) -> Task:
    """A task by name.

    Raises:
        UsageError: There is no such task, two parts claim its name, or it is a plug-in that is broken.

    Example:
        >>> find_task("single_label").selects_by
        'uar'
    """
    return declared(_tasks().module(name, spelling=str), "TASK", Task)


def read_task(document: TaskDocument) -> Task:
    """The task of a `Task.document`, as checkpoints, bundles and prepared stores state it.

    Raises:
        UsageError: It states an unknown task, or heads that do not fit together.
    """
    if isinstance(document, str):
        return find_task(document)
    return importlib.import_module("affekt.tasks.heads").read_heads(document)


def table_rows(prediction: Prediction) -> list[dict[str, Any]]:
    """A prediction as rows of a table; columns of a further head begin with its name and `_`."""
    further = {
        f"{name}_{column}": value
        for name, answer in prediction.heads.items()
        for column, value in find_task(answer.task).rows(answer)[0].items()
    }
    return [{**row, **further} for row in find_task(prediction.task).rows(prediction)]


def _tasks() -> Registry:
    folder = Path(__file__).parent.parent / "tasks"
    files = [file for file in (*folder.glob("*.py"), *folder.glob("*/__init__.py")) if _states_task(file)]
    stems = [file.parent.name if file.name == "__init__.py" else file.stem for file in files]
    own = {name: f"affekt.tasks.{name}" for name in stems}
    return registry("task", "affekt.tasks", own, spelling=str)


def _states_task(file: Path) -> bool:
    return "\nTASK = " in file.read_text("utf-8") or "import TASK" in file.read_text("utf-8")
