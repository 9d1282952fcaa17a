"""What comes out: a label with scores, and where the answer came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from affekt.core.segment import Segment


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which network gave an answer."""

    method: str
    weights_sha256: str
    bundle_version: str


@dataclass(frozen=True, slots=True)
class Moment:
    """One segment of a clip, and what a network answers to it.

    Attributes:
        attention: Weight of the segment in the answer; at least 0, comparable within one clip only.
        scores: Probability of each class by name if the whole clip were like this segment.
    """

    start_s: float
    end_s: float
    attention: float
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer.

    Attributes:
        id: The input that it answers.
        label: The likeliest class; empty for tasks without classes.
        scores: Probability of each class by name; they sum to 1, unless classes do not exclude each other.
            Empty for tasks without classes.
        confidence: Score of `label`; calibrated where the bundle holds a calibration. None without a label.
        modality: What the answer is based on.
        span_s: The part of a clip that it concerns.
        moments: When it shows: the segments of a clip in order of time; empty for what has no time.
        notes: Limitations of the input, such as a missing sound track.
        segments: Detections of a localization network, the highest score first; None for other tasks.
        labels: Of several labels at once: all whose score reaches their threshold, the likeliest first; may
            be empty. Always empty for answers of a single label.
        task: What kind of answer it is: the name of an `affekt.core.task.Task`.
        values: Of regression: ratings by name, in the unit of the training data; None for other tasks.
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

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)
