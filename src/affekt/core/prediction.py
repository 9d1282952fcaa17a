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
    """One segment of a clip, and what a network made of it.

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
        id: The input it speaks of.
        label: The likeliest class.
        scores: Probability of each class by name; they sum to 1, unless classes do not exclude each other.
        confidence: Score of `label`; calibrated where the bundle holds a calibration.
        modality: What the answer stood on.
        span_s: The part of a clip that it speaks of.
        moments: When it shows: the segments of a clip in order of time; empty for what has no time.
        notes: What the answer had to put up with, such as a missing sound track.
        segments: Stretches that a localization network found, the surest first; None where it does not look
            for any.
        labels: Of several labels at once: all whose score reaches their threshold, the likeliest first; may
            be empty. Always empty for answers of a single label.
    """

    id: str
    label: str
    scores: Mapping[str, float]
    confidence: float
    modality: str
    provenance: Provenance
    span_s: tuple[float, float] | None = None
    moments: tuple[Moment, ...] = ()
    notes: tuple[str, ...] = ()
    segments: tuple[Segment, ...] | None = None
    labels: tuple[str, ...] = ()

    @property
    def is_multi_label(self) -> bool:
        """Whether classes do not exclude each other, so that `labels` is the answer, not `label`."""
        return bool(self.labels) or abs(sum(self.scores.values()) - 1) > 1e-3  # single labels sum to 1

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)
