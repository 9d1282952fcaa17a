"""Plutchik's wheel."""

import numpy as np
import pytest

from affekt.core.errors import UsageError
from affekt.core.labels import LabelSet, label_set
from affekt.core.wheel import AXES, WHEEL, axis_of, opposite_of, places_on_wheel, wheel_distances


def test_each_emotion_is_the_opposite_of_its_opposite():
    assert [opposite_of(opposite_of(name)) for name in WHEEL.names] == list(WHEEL.names)
    assert {axis_of(name) for name in WHEEL.names} == set(AXES.names)
    assert all(axis_of(name) == axis_of(opposite_of(name)) for name in WHEEL.names)


def test_distances_do_not_depend_on_the_order_of_the_labels():
    other = label_set("videoemotion-8")
    places, apart = places_on_wheel(other), wheel_distances(other)
    np.testing.assert_array_equal(apart, wheel_distances(WHEEL)[np.ix_(places, places)])
    assert apart[other.index("Joy"), other.index("Sadness")] == 1


@pytest.mark.parametrize("names", [WHEEL.names[:7], (*WHEEL.names[:7], "neutral"), (*WHEEL.names, "neutral")])
def test_other_labels_are_not_on_the_wheel(names):
    assert wheel_distances(LabelSet.of(*names)) is None


def test_reductions_to_other_sets():
    basic = WHEEL.map_to(label_set("ekman-6"))
    assert basic["joy"] == "joy" and basic["trust"] is basic["anticipation"] is None
    signs = WHEEL.map_to(LabelSet.of("positive", "negative"))
    assert signs == {
        name: "negative" if name in ("fear", "sadness", "disgust", "anger") else "positive"
        for name in WHEEL.names
    }


def test_an_emotion_beside_the_wheel_is_refused():
    with pytest.raises(UsageError, match="'boredom' is not on Plutchik's wheel"):
        opposite_of("boredom")
