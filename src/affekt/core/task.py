"""A task: what an answer is, and everything that depends on it.

Targets and their checks, the loss, scores of validation and of an export's gate, calibration, predictions,
tables and figures: engine, evaluation and deployment ask the task and never branch on its type. A method
states the tasks that it serves (`Method.tasks`), a data set states its own (`Corpus.task`). A task is a
module `affekt.tasks.<name>` with `TASK = ...`, or an entry point of the group `affekt.tasks`.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.calibration import Calibration
from affekt.core.errors import DataError, UsageError
from affekt.core.labels import LabelSet
from affekt.core.networks import Network, WholeNetwork
from affekt.core.prediction import Prediction, Provenance
from affekt.core.sample import Preprocess, Sample, Skipped
from affekt.core.settings import suggest

OnItem = Callable[[int, int], None]  # called with how many of how many items are done


def quiet(done: int, total: int) -> None:
    """Report no progress."""


class Answers(NamedTuple):
    """What a network answers to samples.

    Attributes:
        values: An entry for each used sample, in order; what an entry is, the task decides.
    """

    values: Any
    used: list[Sample]
    skipped: list[Skipped]


@runtime_checkable
class Answerer(Protocol):
    """All that turns a sample into a prediction; `affekt.deploy.runtime.predictor.Predictor` is one."""

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
        reads: Outputs of the network that it needs, by name.
    """

    reads: tuple[str, ...]

    def add(self, outputs: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray]) -> None:
        """The outputs for a batch, and its targets."""
        ...

    def scores(self) -> dict[str, float]:
        """Scores by name of all that was added since the last time."""
        ...

    def __len__(self) -> int:
        """Batches or samples that were added."""
        ...


class Fitted(NamedTuple):
    """A calibration, and what was measured while it was fitted.

    Attributes:
        document: Plain values for the run's `calibration.json`; `Calibration` reads them.
        draw: Draws figures of it into a folder.
    """

    document: dict[str, Any]
    draw: Callable[[Path], None] = lambda folder: None


@dataclass(frozen=True)
class Scored:
    """What an evaluation found.

    Attributes:
        scores: Metrics by name.
        intervals: 95 % intervals of scores, as `affekt.metrics.intervals` says.
        interval_over: The independent units of the intervals: `subjects`, `items` or `videos`.
        interval_note: A limitation of the intervals, as where subjects are too few; usually empty.
        per_class: A row for each class; `columns` names what tables show of it.
        columns: Keys of `per_class` and their headings.
        confusion: Of single labels; empty elsewhere.
        labels: The network's.
        label_map: The network's name of each label of the data; None where it has none.
        predictions: Rows of the predictions file.
        label_hint: A sentence where labels seem to stand in another order than the outputs; usually empty.
        localization: Where samples state when something happens and the network weighs segments of time:
            average precision of its key segments by temporal IoU.
        samples: How many were scored.
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
    samples: int = 0
    interval_over: str = ""
    interval_note: str = ""


class Task(ABC):
    """What an answer is.

    Attributes:
        name: As data sets, checkpoints and bundles state it.
        metrics: Scores of validation that can select an epoch; +1 where higher is better, -1 where lower is.
        selects_by: The one that selects where a recipe does not say.
        loss: The loss of (logits, target), as `module:function`; see `affekt.engine.criterion`.
        gate: Scores that int8 may not lower by more than a point; empty where int8 is not offered.
        postprocessing: How outputs become scores, in words, for a bundle's manifest.
        needs_labels: Whether samples without annotation are left out of training and evaluation.
        fewest_labels: Names that a label set of the task has at least.
        has_classes: Whether labels are classes, which can be counted, weighed and balanced.
        by_cells: Whether a network answers cell by cell of time (`affekt.core.sample.Localizing`), so that a
            medium of any length is answered in constant memory and its graph gives `logits` alone.
        also_scores: Further tasks whose data its answers can be scored on.
    """

    name: str
    metrics: Mapping[str, int]
    selects_by: str
    loss: str
    gate: tuple[str, ...] = ()
    postprocessing: str
    needs_labels: bool = True
    fewest_labels: int = 2
    has_classes: bool = True
    by_cells: bool = False
    also_scores: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Task({self.name})"

    def __reduce__(self) -> tuple[Any, ...]:
        return find_task, (self.name,)

    @property
    def loss_name(self) -> str:
        """The loss, as the folder of a run names it."""
        return self.loss.rpartition(":")[2]

    # Samples and their targets

    def check_labels(self, labels: LabelSet) -> None:
        """Refuse a label set with too few names.

        Raises:
            DataError: Naming both numbers.
        """
        if len(labels) < self.fewest_labels:
            raise DataError(
                f"{self.name} needs a label set of at least {self.fewest_labels} "
                f"name{'s' if self.fewest_labels > 1 else ''}, found {list(labels.names)}"
            )

    def usable(self, samples: Sequence[Sample]) -> list[Sample]:
        """Samples that can be trained on and scored: those with an annotation, where the task needs one."""
        return [sample for sample in samples if not self.needs_labels or self.is_labelled(sample)]

    def invent(self, number: int, labels: LabelSet) -> Sample:
        """A sample with an invented annotation and no media, for checks of methods."""
        return Sample(str(number), {}, labels.names[number % len(labels)])

    @abstractmethod
    def check(self, sample: Sample, labels: LabelSet) -> None:
        """Refuse an annotation that no target can be made of; a sample without any is left alone.

        Raises:
            DataError: Naming the sample.
        """

    def is_labelled(self, sample: Sample) -> bool:
        """Whether a sample has an annotation of this task."""
        return sample.label is not None or bool(sample.label_weights)

    @abstractmethod
    def label_weights(self, sample: Sample) -> Mapping[str, float]:
        """How much of each label a sample has, by name; empty where it has none."""

    def classes_of(self, sample: Sample) -> list[str]:
        """Labels that a sample counts for in a table of classes."""
        weights = self.label_weights(sample)
        return [max(weights, key=lambda name: weights[name])] if weights else []

    @abstractmethod
    def targets(self, samples: Sequence[Sample], labels: LabelSet) -> np.ndarray:
        """The batch entry `label`, a row each sample.

        Raises:
            DataError: A sample has no annotation of this task, or one that does not fit.
        """

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
        """Outputs that a network must have, by name: sizes of their axes.

        None stands for an axis that stays open, -1 for a size that is not known.
        """

    # Scores

    @abstractmethod
    def scorer(self, samples: Sequence[Sample], preprocess: Preprocess, labels: LabelSet) -> Scorer:
        """What validation is scored by.

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
        """What a network answers to samples, before calibration."""

    @abstractmethod
    def calibrate(self, answers: Answers, preprocess: Preprocess, labels: LabelSet) -> Fitted:
        """Fit on validation samples what turns answers into predictions."""

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
            labels: Of the data; mapped to the network's by name.

        Raises:
            DataError: The samples cannot be scored.
        """

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
        """Predictions in the order of the samples; one that cannot be used is skipped with its reason."""

    @abstractmethod
    def rows(self, prediction: Prediction) -> list[dict[str, Any]]:
        """What a prediction says, as rows of a table: one, or one for each detection."""

    def shown(self, prediction: Prediction) -> dict[str, Any]:
        """What a terminal shows of a prediction, by column."""
        return {"label": prediction.label, "confidence": prediction.confidence}


@cache
def list_tasks() -> tuple[str, ...]:
    """Names of all tasks."""
    folder = Path(__file__).parent.parent / "tasks"
    files = [*folder.glob("*.py"), *folder.glob("*/__init__.py")]
    own = [
        file.parent.name if file.name == "__init__.py" else file.stem for file in files if _states_task(file)
    ]
    return tuple(sorted({*own, *_plugins()}))


@cache
def find_task(name: str) -> Task:
    """A task by name.

    Raises:
        UsageError: There is no such task.

    Example:
        >>> find_task("single_label").selects_by
        'uar'
    """
    if name not in list_tasks():
        raise UsageError(f"no task is called {name!r}; {suggest(name, list(list_tasks()))}")
    module = _plugins().get(name, f"affekt.tasks.{name}")
    return importlib.import_module(module).TASK


def _plugins() -> dict[str, str]:
    return {entry.name: entry.value for entry in entry_points(group="affekt.tasks")}


def _states_task(file: Path) -> bool:
    return "\nTASK = " in file.read_text() or "import TASK" in file.read_text()
