"""What drawings and tables of a timeline share: positions in time, and times in words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from affekt.core.answers.prediction import Moment, Prediction
from affekt.core.segment import Segment
from affekt.report.colors.labels import LabelColors
from affekt.report.timeline.moments import Stretch, clock, scored, stretches
from affekt.report.wording import printable

WIDTH = 1000  # units of a drawing's width
_STEPS_S = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800)
_DAY_S = 86_400
_TICKS = 8
_LISTED = 3  # segments of a clip that are listed in a row of a table


class Scale:
    """Converts seconds of a span to positions in a drawing."""

    def __init__(self, span_s: tuple[float, float]) -> None:
        self.start, self.end = span_s
        self.length = max(self.end - self.start, 1e-9)

    def share(self, seconds: float) -> float:
        """In percent of the width, clipped to [0, 100]."""
        return round(min(max(100 * (seconds - self.start) / self.length, 0.0), 100.0), 3)

    def place(self, start_s: float, end_s: float) -> str:
        """The style of an element that covers a stretch."""
        left = self.share(start_s)
        return f"left: {left}%; width: {self.share(end_s) - left:.3f}%"

    def x(self, seconds: float) -> float:
        """In units of a drawing."""
        return round(self.share(seconds) * WIDTH / 100, 1)


def time_axis(scale: Scale) -> list[tuple[float, str]]:
    """Round times: their positions in percent of the width, and their text."""
    fine = (step for step in _STEPS_S if scale.length / step <= _TICKS)
    step = next(fine, math.ceil(scale.length / _TICKS / _DAY_S) * _DAY_S)
    decimals = 1 if step < 1 else 0
    first = math.ceil(scale.start / step - 1e-6)
    last = math.floor(scale.end / step + 1e-6)
    ticks = [float(number * step) for number in range(first, last + 1)]
    if not ticks or ticks[0] > scale.start + step * 1e-3:
        ticks.insert(0, scale.start)
    return [(scale.share(tick), clock(tick, places=decimals)) for tick in ticks]


def script_data(labels: Iterable[str], scale: Scale, colors: LabelColors) -> dict[str, Any]:
    """What the page's script needs of every timeline: its ends, and labels with their colours."""
    names = list(labels)
    return {
        "start": scale.start,
        "end": scale.end,
        "labels": [printable(name) for name in names],
        "colors": [colors[name].variable for name in names],
    }


def corners(places: Iterable[tuple[float, float]]) -> str:
    """Points of a line or a shape, in the notation of SVG."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def when(prediction: Prediction) -> str:
    """Key stretches in words; of a localization answer, the segments with the highest scores."""
    if prediction.segments is not None:
        left = len(prediction.segments) - _LISTED
        more = f" and {left} more" if left > 0 else ""
        return ", ".join(f"{on_clock(one)} {scored(one)}" for one in prediction.segments[:_LISTED]) + more
    return ", ".join(on_clock(stretch) for stretch in stretches(prediction))


def on_clock(span: Moment | Stretch | Segment) -> str:
    """Start and end as clock times, to a tenth of a second for short spans."""
    places = 0 if span.end_s - span.start_s >= 10 else 1
    return f"{clock(span.start_s, places=places)}\N{EN DASH}{clock(span.end_s, places=places)}"
