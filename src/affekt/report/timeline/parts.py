"""What drawings and tables of a timeline have in common: text, a label's colour, places in time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from affekt.core.prediction import Prediction
from affekt.report.timeline.moments import clock, printable, scored, stretches

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


def lane(what: str, note: str, kind: str, content: str) -> str:
    """One row of a timeline: what it is about, and a drawing that is as wide as the clip is long."""
    small = f"<small>{note}</small>" if note else ""
    plot = f'<div class="plot {kind}">{content}</div>'
    return f'<div class="lane"><div class="what">{what}{small}</div>{plot}</div>'


def svg(content: str, *, height: int, label: str) -> str:
    """A drawing that is stretched to its place; what it shows is said in words as well."""
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="none" role="img" '
        f'aria-label="{text(label)}">{content}</svg>'
    )


def corners(places: Iterable[tuple[float, float]]) -> str:
    """Those of a line or a shape, as SVG writes them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in places)


def text(value: object) -> str:
    """Anybody's text, for an element or an attribute."""
    return escape(printable(value), quote=True)


def color_of(label: str, places: Places) -> str:
    """The style that gives a label its colour."""
    return f"--class: var(--c{places[label] % COLORS})"


def tag(label: str, places: Places) -> str:
    """A label's name beside its colour."""
    return f'<span class="tag" style="{color_of(label, places)}">{text(label)}</span>'


def when(prediction: Prediction) -> str:
    """Key stretches in words; of what a localization network found, the surest."""
    if prediction.segments is not None:
        surest = prediction.segments[:_SURE]
        more = f" and {len(prediction.segments) - _SURE} more" if len(prediction.segments) > _SURE else ""
        return ", ".join(f"{on_clock(one.start_s, one.end_s)} {scored(one)}" for one in surest) + more
    return ", ".join(on_clock(stretch.start_s, stretch.end_s) for stretch in stretches(prediction))


def on_clock(start_s: float, end_s: float) -> str:
    """A stretch on the clock, to a tenth of a second where it is short."""
    places = 0 if end_s - start_s >= 10 else 1
    return f"{clock(start_s, places=places)}\N{EN DASH}{clock(end_s, places=places)}"
