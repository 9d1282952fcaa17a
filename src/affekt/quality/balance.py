"""The class balance of a data set as a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from affekt.report.figures import ACCENT, INK, SECOND
from affekt.report.save import save_figure
from affekt.report.wording import UNASSIGNED

MANY_CLASSES = 12  # above which classes are rows of the figure
_COLORS = {"train": ACCENT, "validation": "#8a8f98", "test": SECOND, UNASSIGNED: INK}


def draw_balance(description: Mapping[str, Any], path: Path) -> None:
    """Draw the class balance: the number of samples of each class in each split."""
    names, splits = description["classes"], description["splits"]
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    if len(names) > MANY_CLASSES:  # names of upright bars would overlap, or the figure be too wide to read
        _draw_lying(figure, axes, names, splits)
    else:
        _draw_upright(figure, axes, names, splits)
    axes.set_title("Class balance")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=8)
    save_figure(figure, path, dpi=130)


def _draw_upright(figure: Figure, axes: Axes, names: Sequence[str], splits: Mapping[str, Any]) -> None:
    figure.set_size_inches(2.5 + 0.9 * len(names), 3.4)
    width = 0.8 / len(splits)
    for place, (split, part) in enumerate(splits.items()):
        at = np.arange(len(names)) + (place - (len(splits) - 1) / 2) * width
        counts = [part["classes"][name] for name in names]
        bars = axes.bar(at, counts, width * 0.92, color=_COLORS[split], label=f"{split}, {part['samples']}")
        axes.bar_label(bars, fontsize=7, color=INK)
    axes.set_xticks(range(len(names)), names, rotation=30 if len(names) > 5 else 0)
    axes.set_ylabel("samples")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))


def _draw_lying(figure: Figure, axes: Axes, names: Sequence[str], splits: Mapping[str, Any]) -> None:
    figure.set_size_inches(7, 1 + 0.22 * len(names) * max(len(splits), 1))
    height = 0.8 / max(len(splits), 1)
    for place, (split, part) in enumerate(splits.items()):
        at = np.arange(len(names)) + (place - (len(splits) - 1) / 2) * height
        counts = [part["classes"][name] for name in names]
        label = f"{split}, {part['samples']}"
        bars = axes.barh(at, counts, height * 0.92, color=_COLORS[split], label=label)
        axes.bar_label(bars, fontsize=7, color=INK, padding=2)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    axes.set_xlabel("samples")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
