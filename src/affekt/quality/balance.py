"""The class balance of a data set as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from affekt.report.save import save_figure
from affekt.report.style import PARTS, mark_labels, styled

_BAR_IN = 0.17  # height of a bar


@styled
def draw_balance(description: Mapping[str, Any], path: Path) -> None:
    """Draw the class balance: the number of samples of each class in each split.

    Classes are rows, so that long names and many classes are readable.
    """
    names, splits = description["classes"], description["splits"]
    row_in = _BAR_IN * max(len(splits), 1) + 0.12
    figure = Figure(figsize=(7.6, 1.3 + row_in * len(names)), layout="constrained")
    axes = figure.subplots()
    thick = _BAR_IN / row_in
    for place, (split, part) in enumerate(splits.items()):
        at = np.arange(len(names)) + (place - (len(splits) - 1) / 2) * thick
        counts = [part["classes"][name] for name in names]
        label = f"{split}, {part['samples']}"
        bars = axes.barh(at, counts, thick * 0.88, color=PARTS[split], label=label)
        axes.bar_label(bars, fontsize=7, padding=3)
    axes.set_yticks(range(len(names)), names)
    mark_labels(axes, names)
    axes.set(ylim=(len(names) - 0.5, -0.5), xlabel="samples")
    axes.margins(x=0.08)
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.set_title("Class balance", pad=26 if splits else 10)
    if splits:
        axes.legend(
            loc="lower left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=len(splits),
            borderaxespad=0.4,
            handlelength=1.0,
        )
    save_figure(figure, path, dpi=130)
