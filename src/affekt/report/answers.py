"""A figure of answers to pictures: each picture with its scores and its true emotion, errors marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import INK, SECOND
from affekt.report.save import save_figure
from affekt.report.style import styled
from affekt.report.tiles import letterboxed

COLUMNS = 4
SIDE = 192  # pixels of a picture in the figure
QUIET = 0.35  # opacity of the scores of labels that were not predicted

# The answer, the score of each label, and the true label where it is known.
Answer = tuple[str, Mapping[str, float], str | None]


@styled
def draw_answers(
    pictures: Sequence[np.ndarray], answers: Sequence[Answer], path: Path, *, title: str = ""
) -> None:
    """Draw pictures, (h, w) or (h, w, 3) uint8, beside bars of their scores.

    Bars have the colours of their labels, that of the predicted one is strong; the true emotion is in bold.

    Raises:
        ValueError: There are no pictures, or not as many answers.
    """
    if not pictures or len(pictures) != len(answers):
        raise ValueError(
            f"at least one picture and one answer for each are needed, not {len(pictures)} pictures and "
            f"{len(answers)} answers"
        )
    columns = min(COLUMNS, len(pictures))
    rows = -(-len(pictures) // columns)
    figure = Figure(figsize=(3.3 * columns, 1.85 * rows + (0.4 if title else 0)), layout="constrained")
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    grid = figure.subplots(rows, 2 * columns, squeeze=False, width_ratios=[1, 0.62] * columns)
    for axes in grid.flat:
        axes.set_axis_off()
    colors = LabelColors(name for _, scores, _ in answers for name in scores)
    for place, (pixels, answer) in enumerate(zip(pictures, answers, strict=True)):
        row, column = divmod(place, columns)
        picture, bars = grid[row, 2 * column : 2 * column + 2]
        picture.imshow(letterboxed(pixels, SIDE))
        picture.set_title(*_verdict(answer), fontsize=9, loc="center", pad=4)
        _draw_scores(bars, answer, colors)
    save_figure(figure, path, dpi=130)


def _verdict(answer: Answer) -> tuple[str, dict[str, str]]:
    """The title of a picture, and its style."""
    label, _, truth = answer
    if truth is None:
        return label, {"color": INK.light}
    if label == truth:
        return truth, {"color": INK.light}
    return f"{label} (true: {truth})", {"color": SECOND.light}


def _draw_scores(axes: Axes, answer: Answer, colors: LabelColors) -> None:
    label, scores, truth = answer
    names = list(scores)
    axes.set_axis_on()
    bars = axes.barh(
        range(len(names)),
        [scores[name] for name in names],
        height=0.72,
        color=[colors[name].light for name in names],
    )
    for name, bar in zip(names, bars, strict=True):
        bar.set_alpha(1.0 if name == label else QUIET)
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xticks=[])
    axes.grid(visible=False)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    for name, tick in zip(names, axes.get_yticklabels(), strict=True):
        tick.set_fontweight("bold" if name == truth else "normal")
    axes.spines["bottom"].set_visible(False)
