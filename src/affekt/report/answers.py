"""A figure of answers to pictures: each picture with its scores and its true emotion, errors marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from affekt.report.figures import ACCENT, INK, SECOND
from affekt.report.save import save_figure
from affekt.report.tiles import letterboxed

COLUMNS = 4
SIDE = 192  # pixels of a picture in the figure
QUIET = "#c3cad3"  # scores of labels that were not predicted

# The answer, the score of each label, and the true label where it is known.
Answer = tuple[str, Mapping[str, float], str | None]


def draw_answers(
    pictures: Sequence[np.ndarray], answers: Sequence[Answer], path: Path, *, title: str = ""
) -> None:
    """Draw pictures, (h, w) or (h, w, 3) uint8, beside bars of their scores.

    The bar of the predicted label is blue, or red if it is wrong; the true emotion is in bold.

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
        figure.suptitle(title, color=INK, fontsize=12)
    grid = figure.subplots(rows, 2 * columns, squeeze=False, width_ratios=[1, 0.62] * columns)
    for axes in grid.flat:
        axes.set_axis_off()
    for place, (pixels, answer) in enumerate(zip(pictures, answers, strict=True)):
        row, column = divmod(place, columns)
        picture, bars = grid[row, 2 * column : 2 * column + 2]
        picture.imshow(letterboxed(pixels, SIDE))
        picture.set_title(*_verdict(answer), fontsize=9)
        _draw_scores(bars, answer)
    save_figure(figure, path, dpi=130)


def _verdict(answer: Answer) -> tuple[str, dict[str, str]]:
    """The title of a picture, and its style."""
    label, _, truth = answer
    if truth is None:
        return label, {"color": INK}
    if label == truth:
        return truth, {"color": ACCENT}
    return f"{label} (true: {truth})", {"color": SECOND}


def _draw_scores(axes: Axes, answer: Answer) -> None:
    label, scores, truth = answer
    names = list(scores)
    chosen = SECOND if truth is not None and label != truth else ACCENT
    axes.set_axis_on()
    axes.barh(
        range(len(names)),
        [scores[name] for name in names],
        height=0.72,
        color=[chosen if name == label else QUIET for name in names],
    )
    axes.set(xlim=(0, 1), ylim=(len(names) - 0.4, -0.6), xticks=[])
    axes.set_yticks(range(len(names)), names, fontsize=7, color=INK)
    for name, tick in zip(names, axes.get_yticklabels(), strict=True):
        tick.set_fontweight("bold" if name == truth else "normal")
    axes.tick_params(length=0)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(QUIET)
