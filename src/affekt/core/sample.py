"""One item of a data set, before anything is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.segment import Point, Segment
from affekt.core.spec import InputSpec

Split = Literal["train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class Sample:
    """What an annotation line says: where the media are, who is seen, what was felt.

    Attributes:
        id: Unique within the data set.
        media: Per modality (`skeleton`, `image`, `video`, `audio`, `text`) a reference to a file or a
            decoded object of `affekt.media`. A missing modality is simply absent.
        label: Name of the class, of the data set's `LabelSet`. None where nobody labelled it.
        label_weights: Votes or several labels at once, by name; takes the place of `label` in training. Votes
            are at least 0 and not all 0; of several labels, each lies in [0, 1]
            (`affekt.core.task.Task.check`).
        values: Continuous ratings by name, such as `valence`, each in the unit of its data set.
        subject: Who is seen or heard; splits are made disjoint by it.
        span_s: Part of the medium that is meant, in seconds.
        segments: What happens when, as somebody stated it; empty where nothing does, None where nobody said.
        points: Single moments that were marked, the weak labels of localization.
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
    values: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that could not be used, and why.

    Attributes:
        kind: What it is counted under, as in `.txt` or `broken links`; empty if it is damaged.
    """

    id: str
    reason: str
    kind: str = ""

    def __str__(self) -> str:
        return self.reason if self.id in self.reason else f"{self.id}: {self.reason}"


@runtime_checkable
class Preprocess(Protocol):
    """A method's `preprocess.py`: samples to arrays, in numpy, the same in training and in the bundle."""

    spec: InputSpec

    def fit(self, samples: list[Sample]) -> Mapping[str, Any]:
        """Measure what preprocessing needs to know of the training set, as plain JSON values."""
        ...

    def views(self, sample: Sample) -> list[dict[str, np.ndarray]]:
        """What an answer to a sample stands on: usually one view; the scores of several are averaged."""
        ...

    def __call__(self, sample: Sample, *, rng: np.random.Generator | None = None) -> dict[str, np.ndarray]:
        """Arrays of one sample, without batch axis. With `rng`, a training view: augmented."""
        ...


class Moments(NamedTuple):
    """What the segments that a network weighs mean in the time of a clip.

    Attributes:
        spans_s: (m, 2) float64, start and end of each part of the clip, one after the other.
        weights: (m, s) float64, how much each segment says of it; rows sum to 1.
    """

    spans_s: np.ndarray
    weights: np.ndarray


@runtime_checkable
class Timed(Protocol):
    """Preprocessing of a network that answers with `attention` (b, s) and `segment_logits` (b, s, k)."""

    def moments(self, sample: Sample) -> Moments:
        """Where the segments of a sample's first view lie in its time."""
        ...


class Localized(NamedTuple):
    """What a localization network says of one medium, in seconds.

    Attributes:
        spans_s: (m, 2) float64, stretches that were found; they may overlap.
        labels: (m,) int64, class of each.
        scores: (m,) float64, how sure each is; comparable over all media.
        video: (k,) float64 in [0, 1], how sure it is that each class occurs at all.
        cells_s: (t, 2) float64, start and end of each cell of time.
        curves: (t, k) float64 in [0, 1], each class over time.
        foreground: (t,) float64 in [0, 1], that anything happens.
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
    """Preprocessing of a network that answers cell by cell of time: `logits` (b, t, k + 1), background last.

    A medium may last for hours, so its arrays come in parts, one after the other, and nobody has to hold all.

    Attributes:
        context: Cells on each side that an answer depends on; beyond the ends of a medium there is nothing.
        threshold_tiou: Temporal IoU from which a detection is right where the threshold of scores is chosen.
    """

    context: int
    threshold_tiou: float

    def count(self, sample: Sample) -> int:
        """Cells of a sample.

        Raises:
            MediaError: It cannot be read, or is too short.
        """
        ...

    def parts(self, sample: Sample) -> Iterator[dict[str, np.ndarray]]:
        """The inputs of a sample, some cells after the others, in order: first axis t."""
        ...

    def cells_at(self, sample: Sample, times_s: np.ndarray) -> np.ndarray:
        """Cell (m,) int64 in which each moment (m,) lies; moments beyond the end lie in no cell: -1."""
        ...

    def localize(self, sample: Sample, logits: np.ndarray) -> Localized:
        """What logits (t, k + 1) of all cells say."""
        ...


def as_localizing(preprocess: Preprocess) -> Localizing:
    """Preprocessing of a task that is answered cell by cell.

    Raises:
        TypeError: It does not give its arrays in parts.
    """
    if not isinstance(preprocess, Localizing):
        raise TypeError(f"{type(preprocess).__name__} does not give cells of time")
    return preprocess
