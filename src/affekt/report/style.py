"""One look for all figures: fonts, sizes, light paper and grid, and names written beside their lines."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, ParamSpec, TypeVar

import matplotlib
from cycler import cycler
from matplotlib.axes import Axes

from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import ACCENT, INK, LINE, PAPER, PEAK, SECOND, SOFT
from affekt.report.line_ends import spread
from affekt.report.wording import UNASSIGNED

# Colours of the parts of a data set.
PARTS = {"train": ACCENT.light, "validation": "#8a8f98", "test": SECOND.light, UNASSIGNED: INK.light}


def _style(scheme: int) -> dict[str, Any]:
    """Settings of matplotlib for the light (0) or the dark scheme (1)."""
    return {
        "figure.facecolor": PAPER[scheme],
        "savefig.facecolor": PAPER[scheme],
        "axes.facecolor": PAPER[scheme],
        # The font that comes with matplotlib: a figure looks the same on every machine.
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "text.color": INK[scheme],
        "text.parse_math": False,  # a dollar sign in the name of a label begins no formula
        "figure.constrained_layout.h_pad": 0.12,
        "figure.constrained_layout.w_pad": 0.12,
        "axes.titlelocation": "left",
        "axes.titlesize": 10.5,
        "axes.titleweight": "bold",
        "axes.titlepad": 10,
        "axes.labelcolor": SOFT[scheme],
        "axes.labelpad": 6,
        "axes.edgecolor": PEAK[scheme],
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.prop_cycle": cycler(color=[ACCENT[scheme], SECOND[scheme], INK[scheme], SOFT[scheme]]),
        "grid.color": LINE[scheme],
        "grid.linewidth": 0.8,
        "xtick.color": SOFT[scheme],
        "ytick.color": SOFT[scheme],
        "xtick.labelcolor": INK[scheme],
        "ytick.labelcolor": INK[scheme],
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "xtick.major.size": 0,
        "ytick.major.size": 0,
        "xtick.minor.size": 0,
        "ytick.minor.size": 0,
        "lines.linewidth": 1.8,
        "lines.solid_capstyle": "round",
        "lines.markersize": 5,
        "legend.frameon": False,
        "legend.fontsize": 8.5,
    }


_STYLES = (_style(0), _style(1))
_LABEL_PT = 8.5  # size of a name beside its line
_APART = 1.45  # distance of two names, in their size

_P = ParamSpec("_P")
_T = TypeVar("_T")


def styled(draw: Callable[_P, _T]) -> Callable[_P, _T]:
    """A function that draws and saves a figure, in the common style.

    It is for light pages, unless the function is called with `dark=True`.
    """

    @functools.wraps(draw)
    def drawn(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        style = _STYLES[bool(kwargs.get("dark"))]
        with matplotlib.rc_context(style):  # type: ignore[reportArgumentType]
            return draw(*args, **kwargs)

    return drawn


class Line(NamedTuple):
    """A line to be named: its name, the height of its end in units of the axis, and its colour."""

    name: str
    end: float
    color: str


def name_lines(axes: Axes, lines: Sequence[Line]) -> None:
    """Write names at the right edge, at the height of the ends of their lines, apart from each other.

    To be called after the limits of the axis are final.
    """
    low, high = map(float, axes.get_ylim())
    height_pt = float(axes.get_window_extent().height) * 72 / axes.get_figure(root=True).dpi  # type: ignore[reportOptionalMemberAccess]
    gap = _APART * _LABEL_PT / max(height_pt * 0.85, 1.0)  # the layout may make the axes lower
    for line, height in zip(
        sorted(lines, key=lambda line: line.end),
        spread(
            [(end - low) / (high - low) for end in sorted(float(line.end) for line in lines)], gap, 0.0, 1.0
        ),
        strict=True,
    ):
        axes.annotate(
            line.name,
            (1.0, height),
            (7, 0),
            xycoords="axes fraction",
            textcoords="offset points",
            va="center",
            ha="left",
            color=line.color,
            fontsize=_LABEL_PT,
            annotation_clip=False,
        )


def mark_labels(axes: Axes, names: Sequence[str], *, upright: bool = False) -> None:
    """A dot in the colour of each label between its name and the axis, where the ticks are 0, 1, ...

    Args:
        upright: Whether the names are below the axes instead of at its left.
    """
    axes.tick_params(axis="x" if upright else "y", pad=13)
    for place, color in enumerate(LabelColors(names).values()):
        axes.annotate(
            "\N{BLACK CIRCLE}",
            (place, 0.0) if upright else (0.0, place),
            (0, -8) if upright else (-8, 0),
            xycoords=("data", "axes fraction") if upright else ("axes fraction", "data"),
            textcoords="offset points",
            ha="center",
            va="center",
            color=color.light,
            fontsize=8,
        )
