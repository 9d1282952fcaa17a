"""Figures of results: what they state, and that names do not overlap."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg

from affekt.core.labels import label_set
from affekt.quality import balance
from affekt.report import figures
from affekt.report.colors.labels import LabelColors

ROWS = [
    {
        "epoch": epoch,
        "train/loss": 1 / epoch,
        "validation/loss": 1.5 / epoch,
        "validation/accuracy": 0.2 * epoch,
    }
    for epoch in (1, 2, 3)
]


@pytest.fixture
def shown(monkeypatch):
    """A function that draws and returns the figure, laid out, instead of saving it."""
    found = []

    def keep(figure, path, **options):
        FigureCanvasAgg(figure).draw()
        found.append(figure)

    monkeypatch.setattr(figures, "save_figure", keep)
    monkeypatch.setattr(balance, "save_figure", keep)

    def draw(function, *arguments, **values):
        function(*arguments, Path("x.png"), **values)
        return found.pop()

    return draw


def texts(figure):
    axes = [text.get_text() for one in figure.axes for text in one.texts]
    return [text for text in axes if text.strip()]


def are_apart(boxes):
    """Whether no two boxes overlap."""
    return not any(one.overlaps(other) for place, one in enumerate(boxes) for other in boxes[place + 1 :])


def test_curves_mark_the_selected_epoch_and_name_their_lines(shown):
    figure = shown(figures.draw_curves, ROWS, chosen=2)
    assert texts(figure).count("epoch 2 selected") == 2
    assert {"validation 0.750", "training, all terms 0.500", "accuracy 0.400"} <= set(texts(figure))
    assert not any(axes.get_legend() for axes in figure.axes)


def test_equal_curves_are_one_line_with_both_names(shown):
    figure = shown(
        figures.draw_curves, [{**row, "validation/uar": row["validation/accuracy"]} for row in ROWS]
    )
    assert "accuracy = UAR 0.600" in texts(figure) and len(figure.axes[1].lines) == 1


def test_curves_of_one_epoch_and_without_a_score_are_drawn(shown):
    assert "accuracy 0.200" in texts(shown(figures.draw_curves, ROWS[:1]))
    assert "reconstruction 2.000" in texts(
        shown(figures.draw_curves, [{"epoch": 1, "train/loss": 1.0, "validation/reconstruction": 2.0}])
    )


@pytest.mark.parametrize("name", ["tsl-2", "ekman-7", "goemotions-28"])
def test_a_confusion_matrix_has_counts_and_names_that_do_not_overlap(shown, name):
    names = label_set(name).names
    counts = np.arange(len(names) ** 2).reshape(len(names), -1)
    figure = shown(figures.draw_confusion, counts, names, title="17 samples")
    axes = figure.axes[0]
    numbers = {text.get_text().split("\n")[-1] for text in axes.texts}
    assert {str(number) for number in counts.flat} <= numbers
    for axis, side in ((axes.xaxis, "x"), (axes.yaxis, "y")):
        boxes = [label.get_window_extent() for label in axis.get_ticklabels()]
        at = [(box.x1 + box.x0 if side == "x" else box.y1 + box.y0) / 2 for box in boxes]
        assert len(boxes) == len(names) and min(abs(b - a) for a, b in pairwise(at)) > 8
        if side == "y" or len(names) > figures.MANY_CLASSES:  # boxes of slanting names overlap, names do not
            assert are_apart(boxes)
    dots = [text.get_color() for text in axes.texts if text.get_text() == "\N{BLACK CIRCLE}"]
    assert dots == [color.light for color in LabelColors(names).values()] * 2


def test_the_reliability_figure_states_the_number_of_items_of_each_bin(shown):
    confidence = np.array([0.25] * 3 + [0.95] * 12)
    figure = shown(figures.draw_reliability, confidence, np.ones(15, bool))
    assert [number for number in texts(figure) if number.isdigit()] == ["3", "12"]
    assert figure.axes[1].get_ylabel() == "items"


def test_names_beside_close_lines_do_not_overlap(shown):
    values = np.linspace(0.5, 0.4, 6)[:, None] + np.array([0.0, 0.001, 0.002])
    figure = shown(
        figures.draw_average_precision,
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        values,
        ("negative", "neutral", "positive"),
    )
    assert len(figure.axes[0].texts) == 4 and are_apart(
        [text.get_window_extent() for text in figure.axes[0].texts]
    )


@pytest.mark.parametrize(
    "names", [label_set("goemotions-28").names, ("a", "a rather long name of a class $x$")]
)
def test_the_balance_has_counts_at_bars_and_names_that_do_not_overlap(shown, names):
    splits = {part: {"samples": 9, "classes": dict.fromkeys(names, 3)} for part in ("train", "test")}
    axes = shown(balance.draw_balance, {"classes": list(names), "splits": splits}).axes[0]
    assert [text.get_text() for text in axes.texts].count("3") == 2 * len(names)
    assert are_apart([label.get_window_extent() for label in axes.get_yticklabels()])
    assert [label.get_text() for label in axes.get_yticklabels()] == list(names)


def test_the_style_of_figures_ends_with_them(shown):
    before = dict(rcParams)
    shown(figures.draw_curves, ROWS)
    assert dict(rcParams) == before
