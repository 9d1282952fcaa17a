"""Figures of results. Each function draws plain records into one PNG file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from affekt.metrics.calibration import calibration_bins

INK, ACCENT, SECOND = "#1f2430", "#2f6f9f", "#c8553d"
_ITEMS = ("share of items", "accuracy", "confidence")


def draw_curves(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draw loss and scores over the epochs, from the rows of `metrics.jsonl`."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    losses.plot(epochs, [row["train/loss"] for row in rows], color=INK, label="training, all terms")
    if "validation/loss" in rows[0]:
        losses.plot(epochs, [row["validation/loss"] for row in rows], color=SECOND, label="validation")
    losses.set(title="Loss", xlabel="epoch")
    named = {
        "accuracy": ("accuracy", ACCENT),
        "uar": ("unweighted average recall", SECOND),
        "map": ("mean average precision", ACCENT),
        "recall": ("recall of segments", SECOND),
        "ccc": ("concordance correlation", ACCENT),
    }
    drawn = [name for name in named if f"validation/{name}" in rows[0]]
    if drawn:
        lowest = min(min(row[f"validation/{name}"] for row in rows) for name in drawn)
        scores.set(ylim=(min(0.0, lowest), 1))
    else:  # no score of the task: the terms of an objective that validates itself
        others = {"validation/loss", *(name for name in rows[0] if not name.startswith("validation/"))}
        drawn = [name.removeprefix("validation/") for name in rows[0] if name not in others] or ["loss"]
    for name in drawn:
        label, color = named.get(name, (name, None))
        values = [row.get(f"validation/{name}", np.nan) for row in rows]
        scores.plot(epochs, values, color=color, label=label)
    scores.set(title="Validation", xlabel="epoch")
    for axes in (losses, scores):
        axes.legend(frameon=False, fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    _save(figure, path)


def draw_confusion(confusion: np.ndarray, names: Sequence[str], path: Path, *, title: str) -> None:
    """Draw a confusion matrix: shares of each true class, with counts."""
    size = 1.6 + 0.75 * len(names)
    figure = Figure(figsize=(size + 0.6, size), layout="constrained")
    axes = figure.subplots()
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(confusion):
        color = "white" if shares[row, column] > 0.55 else INK
        axes.text(
            column,
            row,
            f"{shares[row, column]:.0%}\n{int(count)}",
            ha="center",
            va="center",
            color=color,
            fontsize=8,
        )
    ticks = range(len(names))
    axes.set_xticks(ticks, names, rotation=30, ha="right")
    axes.set_yticks(ticks, names)
    axes.set(title=title, xlabel="predicted", ylabel="true")
    _save(figure, path)


def draw_reliability(
    confidence: np.ndarray, right: np.ndarray, path: Path, *, bins: int = 10, cells: bool = False
) -> None:
    """Draw accuracy over confidence, with the share of items as bars. Perfect calibration is the diagonal.

    Args:
        confidence: (n,) in [0, 1].
        right: (n,) whether each item is right.
        cells: Whether the items are (item, class) cells: probability of a class, and whether it is present.
    """
    figure = Figure(figsize=(4.2, 4.2), layout="constrained")
    axes = figure.subplots()
    found = calibration_bins(confidence, right, bins=bins)
    filled = found.items > 0
    centres = (np.arange(bins) + 0.5) / bins
    what = ("share of cells", "share of present classes", "probability") if cells else _ITEMS
    axes.bar(centres, found.items / found.items.sum(), width=0.9 / bins, color="#d8dee6", label=what[0])
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    axes.plot(found.confidence[filled], found.right[filled], marker="o", color=ACCENT, label=what[1])
    axes.set(title="Reliability", xlabel=what[2], xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def draw_classes(rows: Sequence[Mapping[str, Any]], path: Path, *, title: str) -> None:
    """Draw precision, recall, F1 and threshold of each class of a multi-label task.

    Args:
        rows: As returned by `affekt.metrics.multi_label.multi_label_per_class`.
    """
    figure = Figure(figsize=(6.4, 1.2 + 0.5 * len(rows)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rows))
    for shift, (name, color) in zip(
        (-0.26, 0.0, 0.26), (("precision", "#9fb8cc"), ("recall", ACCENT), ("f1", INK)), strict=True
    ):
        label = "F1" if name == "f1" else name
        axes.barh(places + shift, [row[name] for row in rows], height=0.24, color=color, label=label)
    axes.scatter(
        [row["threshold"] for row in rows], places, marker="|", s=200, color=SECOND, label="threshold"
    )
    axes.set_yticks(places, [f"{row['class']} ({row['count']})" for row in rows])
    axes.set(title=title, xlim=(0, 1), ylim=(len(rows) - 0.5, -0.5))
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def draw_average_precision(
    thresholds: Sequence[float], values: np.ndarray, names: Sequence[str], path: Path
) -> None:
    """Draw the average precision (thresholds, labels) of detected segments over the tIoU threshold."""
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.subplots()
    for column, name in enumerate(names):
        color = (SECOND, ACCENT, INK)[column % 3]
        axes.plot(thresholds, values[:, column], marker="o", markersize=3, color=color, label=name)
    axes.plot(thresholds, np.nanmean(values, axis=1), color=INK, linestyle=":", label="mean of classes")
    axes.set(title="Detected segments", xlabel="tIoU threshold", ylabel="average precision", ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
