"""The figure of a timeline."""

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from affekt.core.timeline import Timeline
from affekt.core.timeline.parts import Medium
from affekt.report.colors.labels import LabelColors


def drawn(figure):
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(float) / 255


def test_each_lane_is_named_and_has_the_colours_of_its_labels(timeline):
    figure = timeline.plot()
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["Ann  fused", "face", "voice", "words", "P2  face", "voice"]
    picture = drawn(figure)
    for name in ("anger", "happiness", "neutral", "sadness"):
        color = np.array(to_rgb(LabelColors([name])[name].light))
        is_there = (np.abs(picture - color).max(axis=2) < 0.02).any()
        assert is_there == (name != "sadness"), name


def test_the_legend_has_the_labels_that_occur(timeline):
    (legend,) = timeline.plot().legends
    texts = {text.get_text() for text in legend.get_texts()}
    assert texts == {"neutral", "happiness", "anger", "unsure"}


def test_a_dark_figure_has_a_dark_ground(timeline):
    assert drawn(timeline.plot(dark=True))[0, 0].max() < 0.2 < drawn(timeline.plot())[0, 0].min()


def test_nothing_found_is_a_figure_that_says_so():
    figure = Timeline(medium=Medium(path="a.mp4", duration_s=3)).plot(title="Nothing")
    assert [text.get_text() for text in figure.axes[0].texts] == ["nothing was found"]
    assert figure.axes[0].get_title("left") == "Nothing"
