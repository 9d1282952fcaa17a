"""Figures of a study: scores of each seed, and learning curves."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from affekt.report.colors.emotions import OTHERS
from affekt.report.colors.scheme import ACCENT, INK, PEAK, Shade
from affekt.report.style import Line, name_lines, styled

# Of rows, which are no emotions; neighbours differ most.
COLORS = tuple(Shade(OTHERS[place].light, OTHERS[place].dark) for place in (5, 1, 3, 6, 2, 7, 4, 0))
_WIDTH_IN = 8.6
_DPI = 140


@dataclass(frozen=True)
class SeedScores:
    """One row of a figure of scores.

    Attributes:
        values: A score for each seed.
        low, high: Ends of the interval over items; None if there is none.
    """

    name: str
    values: Sequence[float]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Curves:
    """The learning curves of a row: a list of validation scores by epoch for each run."""

    name: str
    runs: Sequence[Sequence[float]]


@styled
def draw_seeds(rows: Sequence[SeedScores], score: str, over: str, *, dark: bool = False) -> bytes:
    """A PNG: a dot for each seed, a bar for the mean, a line for the 95 % interval over items."""
    figure = Figure(figsize=(_WIDTH_IN, 1.1 + 0.42 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for place, row in enumerate(rows):
        if row.low is not None and row.high is not None:
            axes.plot(
                [row.low, row.high], [place, place], color=PEAK[dark], linewidth=7, solid_capstyle="round"
            )
        axes.plot([np.mean(row.values)] * 2, [place - 0.28, place + 0.28], color=INK[dark], linewidth=1.6)
        axes.plot(row.values, [place] * len(row.values), "o", color=ACCENT[dark], alpha=0.85)
    axes.set_yticks(range(len(rows)), [row.name for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(f"{score}: each seed, mean, and 95 % interval over {over}")
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    return _png(figure)


@styled
def draw_learning(rows: Sequence[Curves], score: str, *, dark: bool = False) -> bytes:
    """A PNG: the mean validation score of each row over epochs, and the range over its runs."""
    figure = Figure(figsize=(_WIDTH_IN, 3.9), layout="constrained")
    axes = figure.subplots()
    styles = cycle([(color[dark], line) for line in ("-", "--", ":") for color in COLORS])
    drawn: list[Line] = []
    for row, (color, line) in zip(rows, styles, strict=False):
        longest = max((len(run) for run in row.runs), default=0)
        values = np.full((len(row.runs), longest), np.nan)
        for place, run in enumerate(row.runs):
            values[place, : len(run)] = run
        if not longest:
            continue
        epochs = np.arange(1, longest + 1)
        mean = np.nanmean(values, axis=0)
        marker = "o" if longest == 1 else None
        drawn.append(Line(f"{row.name} {mean[-1]:.3f}", float(mean[-1]), color))
        axes.plot(epochs, mean, line, color=color, label=row.name, linewidth=1.7, marker=marker, markersize=4)
        axes.fill_between(
            epochs, np.nanmin(values, axis=0), np.nanmax(values, axis=0), color=color, alpha=0.12, linewidth=0
        )
    axes.set(xlabel="epoch", ylabel=f"validation {score}")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(drawn) <= len(COLORS):
        name_lines(axes, drawn)
    else:  # dashes tell lines of one colour apart, which names at the ends do not show
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return _png(figure)


def as_data(png: bytes) -> str:
    """A PNG as the source of an image on a page that loads nothing."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def _png(figure: Figure) -> bytes:
    stream = io.BytesIO()
    # Without the version of the library in the file: equal figures are equal bytes.
    figure.savefig(stream, dpi=_DPI, format="png", metadata={"Software": None})
    return stream.getvalue()
