"""Figures of answers to pictures."""

import numpy as np
import pytest
from PIL import Image

from affekt.report.answers import draw_answers
from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import SECOND

GREY = np.full((48, 48), 128, np.uint8)
SCORES = {"fear": 0.2, "happiness": 0.7, "neutral": 0.1}
COLORS = LabelColors(SCORES)


def drawn(path, pictures, answers, **values):
    draw_answers(pictures, answers, path, **values)
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def is_color(picture, color):
    red, green, blue = (int(color[place : place + 2], 16) for place in (1, 3, 5))
    return (picture == (red, green, blue)).all(axis=2)


def test_the_predicted_label_has_its_colour_and_a_wrong_answer_is_marked(tmp_path):
    right = drawn(tmp_path / "right.png", [GREY], [("happiness", SCORES, "happiness")])
    wrong = drawn(tmp_path / "wrong.png", [GREY], [("happiness", SCORES, "fear")])
    for picture in (right, wrong):
        assert is_color(picture, COLORS["happiness"].light).sum() > 500
        assert not is_color(picture, COLORS["fear"].light).any()
    assert is_color(wrong, SECOND.light).any() and not is_color(right, SECOND.light).any()


def test_answers_without_a_true_label_are_not_marked_wrong(tmp_path):
    picture = drawn(tmp_path / "x.png", [GREY], [("happiness", SCORES, None)])
    assert not is_color(picture, SECOND.light).any()


def test_the_length_of_a_bar_is_proportional_to_its_score(tmp_path):
    def length(score):
        picture = drawn(tmp_path / "x.png", [GREY], [("fear", {"fear": score, "neutral": 1 - score}, "fear")])
        bar = is_color(picture, COLORS["fear"].light)
        return np.ptp(np.flatnonzero(bar.sum(axis=0) > 20))

    assert length(0.9) / length(0.45) == pytest.approx(2, rel=0.05)


def test_every_picture_is_shown(tmp_path):
    color = np.zeros((30, 60, 3), np.uint8)
    color[..., 1] = 255
    pictures = [color] * 6
    picture = drawn(tmp_path / "deep" / "x.png", pictures, [("fear", SCORES, None)] * 6, title="Six faces")
    is_green = is_color(picture, "#00ff00")
    rows = np.flatnonzero(np.diff(is_green.any(axis=1).astype(int)) == 1)
    columns = np.flatnonzero(np.diff(is_green.any(axis=0).astype(int)) == 1)
    assert (len(rows), len(columns)) == (2, 4)


@pytest.mark.parametrize("pictures", [[], [GREY, GREY]])
def test_pictures_and_answers_must_match(tmp_path, pictures):
    with pytest.raises(ValueError, match="one answer for each"):
        draw_answers(pictures, [("fear", SCORES, None)], tmp_path / "x.png")
