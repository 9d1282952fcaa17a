"""The picture of a baseline: scores with their intervals, and the learning curve."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from affekt.core.wording import counted
from affekt.project.baseline.run import Baseline
from affekt.report.colors.scheme import ACCENT, PEAK, SECOND
from affekt.report.save import save_figure
from affekt.report.style import styled


@styled
def draw_baseline(found: Baseline, path: Path) -> None:
    """Draw a baseline as PNG."""
    figure = Figure(figsize=(9.5, 1.4 + 0.36 * len(found.rows)), layout="constrained")
    scores, curve = figure.subplots(1, 2, width_ratios=(3, 2))
    rows = found.rows[::-1]
    places = range(len(rows))
    for place, row in zip(places, rows, strict=True):
        scores.plot(
            (row.low, row.high), (place, place), color=PEAK.light, linewidth=6, solid_capstyle="round"
        )
    scores.scatter([row.accuracy for row in rows], list(places), color=ACCENT.light, zorder=3)
    scores.set_yticks(list(places), [row.name for row in rows])
    scores.set(xlim=(0, 1), xlabel=f"accuracy, 95 % interval over {found.over}")
    scores.set_title(f"{found.part}: {counted(found.items, 'item')}")
    items = [point.items for point in found.curve]
    curve.fill_between(
        items,
        [it.least for it in found.curve],
        [it.most for it in found.curve],
        color=SECOND.light,
        alpha=0.2,
    )
    curve.plot(items, [it.mean for it in found.curve], color=SECOND.light, marker="o")
    curve.set(ylim=(0, 1), xlabel="items for training", ylabel="accuracy")
    curve.set_title("one probe on all modalities")
    scores.grid(visible=False, axis="y")
    figure.suptitle(f"Baseline of version {found.version}", x=0.01, ha="left", fontsize=11, fontweight="bold")
    save_figure(figure, path, dpi=150)
