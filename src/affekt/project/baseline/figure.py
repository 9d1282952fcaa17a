"""The picture of a baseline: scores with their intervals, and the learning curve."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from affekt.core.wording import counted
from affekt.project.baseline.run import Baseline
from affekt.report.figures import ACCENT, INK, SECOND
from affekt.report.save import save_figure


def draw_baseline(found: Baseline, path: Path) -> None:
    """Draw a baseline as PNG."""
    figure = Figure(figsize=(9.5, 1.4 + 0.36 * len(found.rows)), layout="constrained")
    scores, curve = figure.subplots(1, 2, width_ratios=(3, 2))
    rows = found.rows[::-1]
    places = range(len(rows))
    for place, row in zip(places, rows, strict=True):
        scores.plot((row.low, row.high), (place, place), color=INK, linewidth=1.2)
    scores.scatter([row.accuracy for row in rows], list(places), color=ACCENT, zorder=3)
    scores.set_yticks(list(places), [row.name for row in rows])
    scores.set(xlim=(0, 1), xlabel=f"accuracy, 95 % interval over {found.over}")
    scores.set_title(f"{found.part}: {counted(found.items, 'item')}", fontsize=10)
    items = [point.items for point in found.curve]
    curve.fill_between(
        items, [it.least for it in found.curve], [it.most for it in found.curve], color=SECOND, alpha=0.2
    )
    curve.plot(items, [it.mean for it in found.curve], color=SECOND, marker="o")
    curve.set(ylim=(0, 1), xlabel="items for training", ylabel="accuracy")
    curve.set_title("one probe on all modalities", fontsize=10)
    for axes in (scores, curve):
        axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"Baseline of version {found.version}", fontsize=11)
    save_figure(figure, path, dpi=150)
