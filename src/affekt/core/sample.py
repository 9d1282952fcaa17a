"""One item of a data set, before anything is decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, Protocol, runtime_checkable

import numpy as np

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
        label_weights: Votes or several labels at once, by name; takes the place of `label` in training.
        subject: Who is seen or heard; splits are made disjoint by it.
        span_s: Part of the medium that is meant, in seconds.
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


@dataclass(frozen=True, slots=True)
class Skipped:
    """An item that could not be used, and why."""

    id: str
    reason: str

    def __str__(self) -> str:
        return self.reason if self.id in self.reason else f"{self.id}: {self.reason}"


@runtime_checkable
class Preprocess(Protocol):
    """A room's `preprocess.py`: samples to arrays, in numpy, the same in training and in the bundle."""

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
