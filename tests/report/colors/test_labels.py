"""The colours of labels: fixed for emotions, stable for others, distinguishable and readable."""

import zlib
from itertools import combinations

import numpy as np
import pytest

from affekt.core.labels import label_set, list_label_sets
from affekt.report.colors.emotions import EMOTIONS, LEAST, LEAST_OF_MANY, OTHERS, known_emotion
from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import CARD, PAPER

# Normal vision, then protanopia, deuteranopia and tritanopia on linear RGB: Machado, Oliveira and Fernandes
# (IEEE TVCG 2009), table of severity 1.0.
VISIONS = np.array(
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ]
)
# Linear RGB to Oklab: Ottosson, "A perceptual color space for image processing" (2020).
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
SMALL = [name for name in list_label_sets() if len(label_set(name)) < 12]
SCHEMES = ("light", "dark")


def linear(color):
    values = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def distance(one, other):
    """The smallest distance in Oklab over all kinds of vision."""
    seen = np.clip(VISIONS @ np.stack([linear(one), linear(other)], axis=1), 0, 1)
    lab = LAB @ np.cbrt(CONES @ seen)
    return float(np.linalg.norm(lab[..., 0] - lab[..., 1], axis=1).min())


def contrast(one, other):
    low, high = sorted(float(linear(color) @ (0.2126, 0.7152, 0.0722)) for color in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_distance_and_contrast_by_known_values():
    assert contrast("#000000", "#ffffff") == pytest.approx(21) and distance("#123456", "#123456") == 0
    assert distance("#000000", "#ffffff") == pytest.approx(1, abs=1e-3)
    # Red and green of equal lightness are far apart for normal vision, and close without long cones.
    assert distance("#c05050", "#707030") < 0.1


@pytest.mark.parametrize("scheme", SCHEMES)
def test_colours_stand_out_on_paper_and_cards(scheme):
    grounds = [getattr(ground, scheme) for ground in (PAPER, CARD)]
    low = {
        name: ratio
        for name, color in [*EMOTIONS.items(), *((one.light, one) for one in OTHERS)]
        if (ratio := min(contrast(getattr(color, scheme), ground) for ground in grounds)) < 3
    }
    assert low == {}


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", SMALL)
def test_labels_of_a_set_are_distinguishable_with_any_kind_of_vision(name, scheme):
    colors = LabelColors(label_set(name).names)
    assert not any(color.striped for color in colors.values())
    close = {
        pair: apart
        for pair in combinations(colors, 2)
        if (apart := distance(*(getattr(colors[label], scheme) for label in pair))) < LEAST
    }
    assert close == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_of_many_labels_those_of_similar_colour_differ_by_stripes(scheme):
    colors = LabelColors(label_set("goemotions-28").names)
    close = [
        pair
        for pair in combinations(colors, 2)
        if colors[pair[0]].striped == colors[pair[1]].striped
        and distance(*(getattr(colors[label], scheme) for label in pair)) < LEAST_OF_MANY
    ]
    assert len(colors) == 28 and close == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_other_colours_are_apart_from_each_other_and_from_emotions_that_they_do_not_name(scheme):
    for one, other in combinations(OTHERS, 2):
        assert distance(getattr(one, scheme), getattr(other, scheme)) >= LEAST
    for other in OTHERS:
        for name in set(EMOTIONS) - set(other.close_to):
            assert distance(getattr(other, scheme), getattr(EMOTIONS[name], scheme)) >= 0.04


def test_each_published_label_is_a_known_emotion():
    names = {name for known in list_label_sets() for name in label_set(known).names}
    assert [name for name in names if known_emotion(name) is None] == []


def test_an_emotion_has_the_same_colour_whatever_the_data_set_calls_it():
    for names in (
        ("sad", "sadness", "Sadness", "sorrow"),
        ("joy", "happy", "Joyful", "happiness"),
        ("fear", "scared"),
    ):
        assert len({LabelColors([name, "neutral"])[name][1:] for name in names}) == 1


def test_two_names_of_one_emotion_differ_by_stripes_on_one_page():
    colors = LabelColors(["happy", "joy"])
    assert colors["happy"].light == colors["joy"].light
    assert (colors["happy"].striped, colors["joy"].striped) == (False, True)


def test_another_label_keeps_its_colour_whatever_is_beside_it():
    alone = LabelColors(["on task"])["on task"]
    for names in (["on task", "off task"], ["off task", "on task"], ["boredom", "on task"]):
        assert LabelColors(names)["on task"][1:3] == alone[1:3]


def test_another_label_avoids_the_colours_of_emotions_on_the_page():
    start = zlib.crc32(b"on task") % len(OTHERS)
    for near in OTHERS[start].close_to:
        found = LabelColors([near, "on task"])["on task"]
        other = next(one for one in OTHERS if one.light == found.light)
        assert near not in other.close_to


def test_many_other_labels_have_different_looks_until_all_are_used():
    colors = LabelColors(f"label {number}" for number in range(2 * len(OTHERS)))
    assert len({color[1:] for color in colors.values()}) == 2 * len(OTHERS)
    assert len(LabelColors(str(number) for number in range(100))) == 100


def test_variables_are_defined_for_light_and_dark_pages_and_names_are_not_in_the_style():
    colors = LabelColors(["joy", "</style>"])
    light, dark = colors.style.split("@media")
    assert f"--l0: {colors['joy'].light}" in light and f"--l0: {colors['joy'].dark}" in dark
    assert "</style>" not in colors.style and colors.css["joy"] == "var(--l0)"
    assert LabelColors(["joy", "amusement"]).css["amusement"] == "var(--l1); --stripe: var(--gap)"
