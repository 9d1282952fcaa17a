"""Predictions: a label with scores, and the network that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from affekt.core.segment import Segment

FACE = "#face-"  # between the id of a picture and the number of a face in it


@dataclass(frozen=True, slots=True)
class Provenance:
    """The network that made a prediction."""

    method: str
    weights_sha256: str
    bundle_version: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One segment of a clip, and the network's scores for it.

    Attributes:
        attention: Weight of the segment in the prediction; at least 0, comparable within one clip only.
        scores: Probability of each class by name if the whole clip were like this segment.
    """

    start_s: float
    end_s: float
    attention: float
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One prediction.

    Attributes:
        id: Id of the input.
        label: The most probable class; empty for tasks without classes.
        scores: Probability of each class by name; they sum to 1, unless classes do not exclude each other.
            Empty for tasks without classes.
        confidence: Score of `label`; calibrated if the bundle holds a calibration. None without a
            label.
        modality: Modalities that the prediction is based on.
        span_s: Start and end of the part of a clip that it concerns.
        moments: The segments of a clip in temporal order; empty for inputs without a time axis.
        notes: Limitations of the input, such as a missing sound track.
        segments: Detections of a localization network, the highest score first; None for other tasks.
        labels: For several labels per sample: all labels whose score reaches their threshold, the most
            probable first; may be empty. Always empty for tasks with a single label.
        task: Name of its `affekt.core.task.Task`.
        values: For regression: ratings by name, in the unit of the training data; None for other tasks.
        interval: For regression: lower and upper end of the prediction interval of each rating, by name;
            empty if the network has none.
        interval_level: Least probability that such an interval holds the truth; None without intervals.
        box: Left, top, right and bottom of the face in its picture, in pixels of the upright picture; None
            for answers to whole inputs. The id is then that of the picture with `#face-1`, `#face-2`, ...
        heads: Predictions of the network's further heads, by name; empty for networks with one head.
        text: The words that were answered; None for other inputs.
        dialogue, turn, speaker: Where the words were said and by whom, if the input states it.
    """

    id: str
    label: str
    scores: Mapping[str, float]
    confidence: float | None
    modality: str
    provenance: Provenance
    span_s: tuple[float, float] | None = None
    moments: tuple[Moment, ...] = ()
    notes: tuple[str, ...] = ()
    segments: tuple[Segment, ...] | None = None
    labels: tuple[str, ...] = ()
    task: str = "single_label"
    values: Mapping[str, float] | None = None
    heads: Mapping[str, Prediction] = field(default_factory=dict)
    text: str | None = None
    dialogue: str | None = None
    turn: int | None = None
    speaker: str | None = None
    interval: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    interval_level: float | None = None
    box: tuple[float, float, float, float] | None = None

    @property
    def source(self) -> str:
        """Id of the picture that holds the face; of other answers, their own."""
        return self.id.rpartition(FACE)[0] if self.box is not None and FACE in self.id else self.id

    @property
    def face(self) -> int | None:
        """Number of the face in its picture; None for answers to whole inputs."""
        return int(self.id.rpartition(FACE)[2]) if self.source != self.id else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)
