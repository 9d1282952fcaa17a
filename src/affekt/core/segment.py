"""Labels in time: segments of a medium, and annotated points."""

from __future__ import annotations

import math
from dataclasses import dataclass

from affekt.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Segment:
    """An interval of a medium with a label: annotated or detected.

    Attributes:
        start_s, end_s: Seconds from the beginning of the medium.
        score: Confidence of a detection, comparable over all detections of a network; None if annotated.

    Raises:
        DataError: It does not start before it ends.

    Example:
        >>> Segment(2.0, 5.5, "positive").duration_s
        3.5
    """

    start_s: float
    end_s: float
    label: str
    score: float | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.end_s) and self.start_s < self.end_s):
            raise DataError(
                f"a segment must start before it ends; found {self.start_s:g} to {self.end_s:g} s"
            )

    @property
    def duration_s(self) -> float:
        """Length of the segment."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Point:
    """A time at which a label is annotated: one frame of a segment whose ends are not annotated."""

    time_s: float
    label: str
