"""What drawings and tables of a timeline have in common: a label's colour, places in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from affekt.core.prediction import Moment, Prediction
from affekt.core.segment import Segment
from affekt.report.timeline.moments import Stretch, clock, scored, stretches

# How many colours the page's style has, chosen to be told apart by colour-blind readers too: any two differ
# by 0.08 or more in Oklab, seen normally or without one kind of cone (simulated as in Machado 2009).
COLORS = 8

# Labels that are polarities have a colour of their own, on every page: rust, blue, and grey between them.
_POLARITIES = {"negative": 2, "positive": 1, "neutral": 3}

WIDTH = 1000  # units of a drawing's width
_SURE = 3  # segments that stand for a clip where there is little method

# Name of a label to its place among the page's colours; those beyond the last colour begin again.
Places = Mapping[str, int]


def places_of(names: Iterable[str]) -> dict[str, int]:
    """The place of each label: in the order in which they come, unless they are polarities."""
    order = list(dict.fromkeys(names))
    if all(name.lower() in _POLARITIES for name in order):
        return {name: _POLARITIES[name.lower()] for name in order}
    return {name: place for place, name in enumerate(order)}


def colors_of(places: Places) -> dict[str, str]:
    """The colour of each label, as the page's style names it."""
    return {name: f"var(--c{place % COLORS})" for name, place in places.items()}


class Scale:
    """Seconds of a span to places of a drawing."""

    def __init__(self, span_s: tuple[float, float]) -> None:
        self.start, self.end = span_s
        self.length = max(self.end - self.start, 1e-9)

    def share(self, seconds: float) -> float:
        """In percent of the width, within it."""
        return round(min(max(100 * (seconds - self.start) / self.length, 0.0), 100.0), 3)

    def place(self, start_s: float, end_s: float) -> str:
        """The style that puts something over a stretch."""
        left = self.share(start_s)
        return f"left: {left}%; width: {self.share(end_s) - left:.3f}%"

    def x(self, seconds: float) -> float:
        """In units of a drawing."""
        return round(self.share(seconds) * WIDTH / 100, 1)


def corners(places: Iterable[tuple[float, float]]) -> str:
    """Those of a line or a shape, as SVG writes them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def when(prediction: Prediction) -> str:
    """Key stretches in words; of what a localization network found, the surest."""
    if prediction.segments is not None:
        surest = prediction.segments[:_SURE]
        more = f" and {len(prediction.segments) - _SURE} more" if len(prediction.segments) > _SURE else ""
        return ", ".join(f"{on_clock(one)} {scored(one)}" for one in surest) + more
    return ", ".join(on_clock(stretch) for stretch in stretches(prediction))


def on_clock(span: Moment | Stretch | Segment) -> str:
    """Both ends on the clock, to a tenth of a second where it is short."""
    places = 0 if span.end_s - span.start_s >= 10 else 1
    return f"{clock(span.start_s, places=places)}\N{EN DASH}{clock(span.end_s, places=places)}"
