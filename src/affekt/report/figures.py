"""Figures of results. Each function draws plain records into one PNG file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from affekt.metrics.calibration import calibration_bins
from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import ACCENT, CARD, HOVER, INK, PEAK, SECOND, SOFT
from affekt.report.save import save_figure
from affekt.report.style import Line, mark_labels, name_lines, styled

MANY_CLASSES = 12  # of a confusion matrix, above which cells have room for one number only
_ITEMS = ("items", "share of correct answers", "confidence")
_CELLS = ("cells", "share of present classes", "probability")
# A score, the name of its line, and its colour.
_SCORES = {
    "accuracy": ("accuracy", ACCENT),
    "uar": ("UAR", SECOND),
    "map": ("mean AP", ACCENT),
    "recall": ("recall", SECOND),
    "ccc": ("CCC", ACCENT),
}
_SHARES = LinearSegmentedColormap.from_list("shares", [HOVER.light, ACCENT.light])


@styled
def draw_curves(rows: Sequence[Mapping[str, Any]], path: Path, *, chosen: int | None = None) -> None:
    """Draw loss and scores over the epochs, from the rows of `metrics.jsonl`.

    Args:
        chosen: The epoch that was selected, which is marked; the numbers beside lines are of it.
    """
    figure = Figure(figsize=(10, 3.6), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    lines = {"train/loss": ("training, all terms", INK.light)}
    if "validation/loss" in rows[0]:
        lines["validation/loss"] = ("validation", SECOND.light)
    drawn = {f"validation/{name}": line for name, line in _SCORES.items() if f"validation/{name}" in rows[0]}
    if drawn:
        lowest = min(min(row[key] for row in rows) for key in drawn)
        scores.set(ylim=(min(0.0, lowest), 1))
    else:  # no score of the task: the terms of an objective that validates itself
        keys = [key for key in rows[0] if key.startswith("validation/") and key != "validation/loss"]
        colors = (ACCENT, SECOND, INK, SOFT)
        drawn = {
            key: (key.removeprefix("validation/"), colors[place % len(colors)])
            for place, key in enumerate(keys or ["validation/loss"])
        }
    _draw_epochs(losses, rows, lines, chosen)
    _draw_epochs(scores, rows, {key: (name, color.light) for key, (name, color) in drawn.items()}, chosen)
    losses.set_title("Loss")
    scores.set_title("Validation")
    save_figure(figure, path, dpi=130)


def _draw_epochs(
    axes: Axes, rows: Sequence[Mapping[str, Any]], lines: Mapping[str, tuple[str, str]], chosen: int | None
) -> None:
    """A line for each key of the rows, named at its end, and the selected epoch."""
    epochs = [row["epoch"] for row in rows]
    marker = "o" if len(epochs) == 1 else None
    values = {key: [row.get(key, np.nan) for row in rows] for key in lines}
    lines = _merge_equal(lines, values)
    at = epochs.index(chosen) if chosen in epochs else len(epochs) - 1
    for key, (_, color) in lines.items():
        axes.plot(epochs, values[key], color=color, marker=marker)
    axes.set_xlabel("epoch")
    if len(epochs) > 1:
        axes.set_xlim(epochs[0], epochs[-1])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    else:
        axes.set_xticks(epochs)
    if chosen is not None:
        axes.axvline(chosen, color=SOFT.light, linewidth=1.0, linestyle=(0, (3, 3)))
        for key, (_, color) in lines.items():
            axes.plot(chosen, values[key][at], "o", color=color, clip_on=False, zorder=3)
        is_late = epochs.index(chosen) > len(epochs) / 2 if chosen in epochs else False
        axes.annotate(
            f"epoch {chosen} selected",
            (chosen, 1.0),
            (-4 if is_late else 4, 2),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="right" if is_late else "left",
            va="bottom",
            color=SOFT.light,
            fontsize=8,
        )
    name_lines(
        axes,
        [
            Line(f"{name} {values[key][at]:.3f}", float(np.nan_to_num(values[key][-1])), color)
            for key, (name, color) in lines.items()
        ],
    )


def _merge_equal(
    lines: Mapping[str, tuple[str, str]], values: Mapping[str, Sequence[float]]
) -> dict[str, tuple[str, str]]:
    """One line for equal ones, which would hide each other: accuracy and UAR of balanced classes."""
    merged: dict[str, tuple[str, str]] = {}
    for key, (name, color) in lines.items():
        twin = next((one for one in merged if np.allclose(values[one], values[key], atol=1e-6)), None)
        if twin is None:
            merged[key] = (name, color)
        else:
            merged[twin] = (f"{merged[twin][0]} = {name}", merged[twin][1])
    return merged


@styled
def draw_confusion(confusion: np.ndarray, names: Sequence[str], path: Path, *, title: str) -> None:
    """Draw a confusion matrix: shares of each true class, with counts. Of many classes, only counts."""
    many = len(names) > MANY_CLASSES
    cell = 0.4 if many else 0.68
    longest = max(len(name) for name in names)
    margin = 1.0 + 0.075 * longest
    figure = Figure(
        figsize=(margin + max(cell * len(names), 2.4), margin + cell * len(names)), layout="constrained"
    )
    axes = figure.subplots()
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=_SHARES, vmin=0, vmax=1)
    axes.grid(visible=False)
    for (row, column), number in np.ndenumerate(confusion):
        share = shares[row, column]
        text = f"{int(number)}" if many or not number else f"{share:.0%}\n{int(number)}"
        color = SOFT.light if not number else CARD.light if share > 0.82 else INK.light
        size = (7 if number < 1000 else 5.6) if many else 8
        axes.text(column, row, text, ha="center", va="center", color=color, fontsize=size)
    edges = np.arange(len(names) + 1) - 0.5
    axes.hlines(edges, -0.5, len(names) - 0.5, color=figure.get_facecolor(), linewidth=2)
    axes.vlines(edges, -0.5, len(names) - 0.5, color=figure.get_facecolor(), linewidth=2)
    ticks = range(len(names))
    upright = many or longest * len(names) * 0.075 > cell * len(names) * 3
    if upright:
        axes.set_xticks(ticks, names, rotation=90)
    else:
        axes.set_xticks(ticks, names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, names)
    mark_labels(axes, names)
    mark_labels(axes, names, upright=True)
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(len(names) - 0.5, -0.5))
    axes.spines[:].set_visible(False)
    shade = "; shades: shares of the true class" if many else ""
    axes.set(xlabel=f"predicted{shade}", ylabel="true")
    # Left of the names: a long title over few classes would not fit above the cells alone.
    figure.suptitle(title, x=0.01, ha="left", fontsize=10.5, fontweight="bold")
    save_figure(figure, path, dpi=130)


@styled
def draw_reliability(
    confidence: np.ndarray, right: np.ndarray, path: Path, *, bins: int = 10, cells: bool = False
) -> None:
    """Draw accuracy over confidence, above the number of items. Perfect calibration is the diagonal.

    Args:
        confidence: (n,) in [0, 1].
        right: (n,) whether each item is right.
        cells: Whether the items are (item, class) cells: probability of a class, and whether it is present.
    """
    figure = Figure(figsize=(4.8, 5.6), layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    found = calibration_bins(confidence, right, bins=bins)
    filled = found.items > 0
    items, share, what = _CELLS if cells else _ITEMS
    axes.plot([0, 1], [0, 1], color=SOFT.light, linewidth=1, linestyle=(0, (3, 3)))
    axes.text(0.04, 0.075, "perfectly calibrated", color=SOFT.light, fontsize=8, rotation=45, va="bottom",
              rotation_mode="anchor", transform_rotates_text=True)  # fmt: skip
    axes.vlines(found.confidence[filled], found.confidence[filled], found.right[filled],
                color=PEAK.light, linewidth=2)  # fmt: skip
    # Larger dots for more items: those of a few items are mostly chance.
    sizes = 14 + 130 * found.items[filled] / found.items.max()
    axes.plot(found.confidence[filled], found.right[filled], color=ACCENT.light, linewidth=0.8, alpha=0.6)
    axes.scatter(found.confidence[filled], found.right[filled], sizes, ACCENT.light, clip_on=False, zorder=3)
    axes.set(ylabel=share, xlim=(0, 1), ylim=(0, 1))
    axes.set_title("Reliability")
    centres = (np.arange(bins) + 0.5) / bins
    bars = below.bar(centres, found.items, width=0.9 / bins, color=PEAK.light)
    below.bar_label(bars, [_short(int(number)) for number in found.items], fontsize=7, padding=2)
    below.set(xlabel=what, ylabel=items, ylim=(0, 1.25 * max(int(found.items.max()), 1)))
    below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    below.grid(visible=False, axis="x")
    save_figure(figure, path, dpi=130)


@styled
def draw_classes(rows: Sequence[Mapping[str, Any]], path: Path, *, title: str) -> None:
    """Draw precision, recall, F1 and threshold of each class of a multi-label task.

    Args:
        rows: As returned by `affekt.metrics.multi_label.multi_label_per_class`.
    """
    figure = Figure(figsize=(7.2, 1.4 + 0.3 * len(rows)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rows))
    found = {name: np.array([row[name] for row in rows], float) for name in ("precision", "recall", "f1")}
    ends = np.stack(list(found.values()))
    axes.hlines(places, ends.min(axis=0), ends.max(axis=0), color=PEAK.light, linewidth=3)
    for name, marker, color in (
        ("precision", "<", SOFT.light),
        ("recall", ">", ACCENT.light),
        ("f1", "o", INK.light),
    ):
        label = "F1" if name == "f1" else name
        axes.plot(found[name], places, marker, color=color, label=label, markersize=5.5, clip_on=False)
    axes.plot(
        [row["threshold"] for row in rows], places, "|", color=SECOND.light, label="threshold",
        markersize=10, markeredgewidth=2, clip_on=False,
    )  # fmt: skip
    axes.set_yticks(places, [f"{row['class']} ({row['count']})" for row in rows])
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6))
    axes.grid(visible=False, axis="y")
    axes.set_title(title, pad=26)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, borderaxespad=0.4, handletextpad=0.2,
        columnspacing=1.4,
    )  # fmt: skip
    save_figure(figure, path, dpi=130)


@styled
def draw_average_precision(
    thresholds: Sequence[float], values: np.ndarray, names: Sequence[str], path: Path
) -> None:
    """Draw the average precision (thresholds, labels) of detected segments over the tIoU threshold."""
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    colors = LabelColors(names)
    mean = np.nanmean(values, axis=1)
    axes.plot(thresholds, mean, color=INK.light, linestyle=(0, (2, 2)))
    lines = [Line(f"mean {mean[-1]:.2f}", float(np.nan_to_num(mean[-1])), INK.light)]
    for column, name in enumerate(names):
        color, last = colors[name].light, values[-1, column]
        dashes = (0, (5, 2)) if colors[name].striped else "-"
        axes.plot(thresholds, values[:, column], marker="o", markersize=3, color=color, linestyle=dashes)
        lines.append(Line(f"{name} {last:.2f}", float(np.nan_to_num(last)), color))
    axes.set(xlabel="tIoU threshold", ylabel="average precision", ylim=(0, 1))
    axes.set_title("Detected segments")
    name_lines(axes, lines)
    save_figure(figure, path, dpi=130)


def _short(number: int) -> str:
    """A number that fits above a bar.

    Example:
        >>> _short(0), _short(9999), _short(123456)
        ('', '9999', '123k')
    """
    return "" if not number else str(number) if number < 10_000 else f"{number / 1000:.0f}k"
