"""One item of a data set, before anything is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.segment import Point, Segment
from affekt.core.spec import InputSpec

if TYPE_CHECKING:
    from affekt.core.dialogues import Dialogue

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Annotation:
    """The annotation of a sample for one further head of a network; the fields are those of `Sample`."""

    label: str | None = None
    label_weights: Mapping[str, float] | None = None
    values: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """One annotated item: its media, its subject and its labels.

    Attributes:
        id: Unique within the data set.
        media: Per modality (`skeleton`, `image`, `video`, `audio`, `text`) a reference to a file or a
            decoded object of `affekt.media`. A missing modality has no entry. A str under
            `text` is the words themselves, never a path.
        label: Name of the class, of the data set's `LabelSet`. None if the sample is not annotated.
        label_weights: Votes or several labels, by name; used instead of `label` in training. Votes are at
            least 0 and not all 0; weights of several labels lie in [0, 1]
            (`affekt.core.task.Task.check`).
        values: Continuous ratings by name, such as `valence`, each in the unit of its data set.
        annotations: Annotations of the further heads of a network, by the heads' names
            (`affekt.core.task.Head`); the first head's annotation is the sample's own.
        subject: Who is seen or heard; no subject is in two parts of a split.
        span_s: Start and end of the sample within its medium, in seconds.
        segments: Annotated segments; empty if no class occurs, None if segments are not annotated.
        points: Annotated points in time, the weak labels of localization.
        dialogue, turn: The dialogue of which the sample is a turn, and its number there.
        speaker: Who speaks, if not the subject: the subject may be a dialogue or a session with several
            speakers, which splits keep whole.
        around: All turns of the dialogue (`affekt.core.dialogues`), as `open_dataset` links them.
    """

    id: str
    media: Mapping[str, Any]
    label: str | None = None
    label_weights: Mapping[str, float] | None = None
    subject: str | None = None
    split: Split | None = None
    span_s: tuple[float, float] | None = None
    dialogue: str | None = None
    turn: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    segments: tuple[Segment, ...] | None = None
    points: tuple[Point, ...] = ()
    speaker: str | None = None
    around: Dialogue | None = field(default=None, repr=False, compare=False)
    values: Mapping[str, float] | None = None
    annotations: Mapping[str, Annotation] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that could not be used, and why.

    Attributes:
        kind: Category in summaries, such as `.txt` or `broken links`; empty if the item is damaged.
    """

    id: str
    reason: str
    kind: str = ""

    def __str__(self) -> str:
        return self.reason if self.id in self.reason else f"{self.id}: {self.reason}"


@runtime_checkable
class Preprocess(Protocol):
    """A method's `preprocess.py`: samples to arrays, in numpy, the same in training and in the bundle.

    One whose training views do not vary may state `is_deterministic = True`: what follows from a view is then
    computed once.
    """

    spec: InputSpec

    def fit(self, samples: list[Sample]) -> Mapping[str, Any]:
        """Measure the statistics of the training set that preprocessing needs, as plain JSON values."""
        ...

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """The views that a prediction is based on: usually one; the scores of several are averaged."""
        ...

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """Arrays of one sample, without batch axis. With `rng`, a training view: augmented.

        Optional inputs of a modality that the sample lacks are left out; `InputSpec.complete` fills them.
        """
        ...


@runtime_checkable
class TakesAssets(Preprocess, Protocol):
    """Preprocessing that needs files, such as a vocabulary: constructed with (config, state, assets).

    Attributes:
        takes_assets: True.
    """

    takes_assets: bool

    def fit_assets(self, samples: list[Sample]) -> Mapping[str, bytes]:
        """Files by name, made from the training set or read from a package. `fit` is called with them.

        Raises:
            DataError: They can only be made from samples, and there are none, as where weights are converted.
        """
        ...


class Moments(NamedTuple):
    """The position in time of the segments that a network weighs.

    Attributes:
        spans_s: (m, 2) float64, start and end of consecutive parts of the clip.
        weights: (m, s) float64, share of each segment in each part; rows sum to 1.
    """

    spans_s: np.ndarray
    weights: np.ndarray


@runtime_checkable
class Timed(Protocol):
    """Preprocessing of a network with the outputs `attention` (b, s) and `segment_logits` (b, s, k)."""

    def moments(self, sample: Sample) -> Moments:
        """The position in time of the segments of a sample's first view."""
        ...


class Localized(NamedTuple):
    """Detections of a localization network in one medium, in seconds.

    Attributes:
        spans_s: (m, 2) float64, start and end of each detection; they may overlap.
        labels: (m,) int64, class of each detection.
        scores: (m,) float64, confidence of each detection; comparable over all media.
        video: (k,) float64 in [0, 1], confidence that each class occurs at all.
        cells_s: (t, 2) float64, start and end of each time cell.
        curves: (t, k) float64 in [0, 1], each class over time.
        foreground: (t,) float64 in [0, 1], confidence that any class occurs, over time.
    """

    spans_s: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    video: np.ndarray
    cells_s: np.ndarray
    curves: np.ndarray
    foreground: np.ndarray


@runtime_checkable
class Localizing(Preprocess, Protocol):
    """Preprocessing of a network with an output per time cell: `logits` (b, t, k + 1), background last.

    A medium may last for hours, so its arrays are read in consecutive parts and need not fit into memory.

    Attributes:
        context: Cells on each side that an output depends on; there are none beyond the ends of a medium.
        threshold_tiou: Temporal IoU from which a detection is correct when the score threshold is chosen.
    """

    context: int
    threshold_tiou: float

    def count(self, sample: Sample) -> int:
        """Number of cells of a sample.

        Raises:
            MediaError: It cannot be read, or is too short.
        """
        ...

    def parts(self, sample: Sample) -> Iterator[dict[str, np.ndarray]]:
        """The inputs of a sample in consecutive groups of cells: first axis t."""
        ...

    def cells_at(self, sample: Sample, times_s: np.ndarray) -> np.ndarray:
        """Index (m,) int64 of the cell that contains each time (m,); -1 for times beyond the end."""
        ...

    def localize(self, sample: Sample, logits: np.ndarray) -> Localized:
        """Detections from the logits (t, k + 1) of all cells."""
        ...


def as_localizing(preprocess: Preprocess) -> Localizing:
    """The same object as preprocessing for an output per time cell.

    Raises:
        TypeError: It does not provide arrays per time cell.
    """
    if not isinstance(preprocess, Localizing):
        raise TypeError(f"{type(preprocess).__name__} does not provide time cells")
    return preprocess
