"""What happens when: stretches of a medium, and single moments that somebody marked."""

from __future__ import annotations

import math
from dataclasses import dataclass

from affekt.core.errors import DataError


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a medium that has a label.

    Attributes:
        start_s, end_s: Seconds from the beginning of the medium.
        score: How sure a network is of it, comparable over all that it found; None where somebody stated it.

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
                f"a segment starts before it ends; this one goes from {self.start_s:g} to {self.end_s:g} s"
            )

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class Point:
    """A moment at which somebody saw a label: one frame of a stretch whose ends nobody marked."""

    time_s: float
    label: str
