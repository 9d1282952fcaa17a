"""Pictures of results. Each function draws plain records into one PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

INK, ACCENT, SECOND = "#1f2430", "#2f6f9f", "#c8553d"


def draw_curves(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Loss and scores over the epochs, from the rows of `metrics.jsonl`."""
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    losses.plot(epochs, [row["train/loss"] for row in rows], color=INK, label="training, all terms")
    if "validation/loss" in rows[0]:
        losses.plot(
            epochs, [row["validation/loss"] for row in rows], color=SECOND, label="validation, cross-entropy"
        )
    losses.set(title="Loss", xlabel="epoch")
    for name, label, color in (
        ("accuracy", "accuracy", ACCENT),
        ("uar", "unweighted average recall", SECOND),
        ("map", "mean average precision", ACCENT),
        ("recall", "recall of segments", SECOND),
    ):
        if f"validation/{name}" in rows[0]:
            scores.plot(epochs, [row[f"validation/{name}"] for row in rows], color=color, label=label)
    scores.set(title="Validation", xlabel="epoch", ylim=(0, 1))
    for axes in (losses, scores):
        axes.legend(frameon=False, fontsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    _save(figure, path)


def draw_confusion(confusion: np.ndarray, names: Sequence[str], path: Path, *, title: str) -> None:
    """Confusion matrix: shares of each true class, with counts."""
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


def draw_reliability(probability: np.ndarray, truth: np.ndarray, path: Path, *, bins: int = 10) -> None:
    """Accuracy over confidence: on the diagonal a confidence means what it says. Bars show how many items."""
    figure = Figure(figsize=(4.2, 4.2), layout="constrained")
    axes = figure.subplots()
    confidence, right = probability.max(axis=1), probability.argmax(axis=1) == truth
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(index, minlength=bins)
    filled = count > 0
    mean = np.bincount(index, confidence, bins)[filled] / count[filled]
    accuracy = np.bincount(index, right, bins)[filled] / count[filled]
    centres = (np.arange(bins) + 0.5) / bins
    axes.bar(centres, count / count.sum(), width=0.9 / bins, color="#d8dee6", label="share of items")
    axes.plot([0, 1], [0, 1], color=INK, linewidth=0.8, linestyle=":")
    axes.plot(mean, accuracy, marker="o", color=ACCENT, label="accuracy")
    axes.set(title="Reliability", xlabel="confidence", xlim=(0, 1), ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8, loc="upper left")
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def draw_average_precision(
    thresholds: Sequence[float], values: np.ndarray, names: Sequence[str], path: Path
) -> None:
    """Average precision (thresholds, labels) of found segments, over how well they must overlap."""
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.subplots()
    for column, name in enumerate(names):
        color = (SECOND, ACCENT, INK)[column % 3]
        axes.plot(thresholds, values[:, column], marker="o", markersize=3, color=color, label=name)
    axes.plot(thresholds, np.nanmean(values, axis=1), color=INK, linestyle=":", label="mean of classes")
    axes.set(title="Found segments", xlabel="temporal IoU", ylabel="average precision", ylim=(0, 1))
    axes.legend(frameon=False, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)
