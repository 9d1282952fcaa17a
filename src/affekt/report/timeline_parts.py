"""What drawings and tables of a timeline have in common: text, a label's colour, stretches of time."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from affekt.core.prediction import Prediction
from affekt.report.moments import clock, printable, stretches

# How many colours the page's style has, chosen to be told apart by colour-blind readers too: any two differ
# by 0.08 or more in Oklab, seen normally or without one kind of cone (simulated as in Machado 2009).
COLORS = 8

# Name of a label to its place among all of the page.
Places = Mapping[str, int]


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
    """Key stretches in words."""
    return ", ".join(on_clock(stretch.start_s, stretch.end_s) for stretch in stretches(prediction))


def on_clock(start_s: float, end_s: float) -> str:
    """A stretch on the clock, to a tenth of a second where it is short."""
    places = 0 if end_s - start_s >= 10 else 1
    return f"{clock(start_s, places=places)}\N{EN DASH}{clock(end_s, places=places)}"
