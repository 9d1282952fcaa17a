"""Which way is up: stated, inferred from the body, or refused."""

import numpy as np
import pytest

from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.data.open import open_dataset
from affekt.media.skeleton.upright import AXES, body_up, turn_upright, upright

WALK = open_dataset("walkers", None, {"walkers": 8}).samples[0].media["skeleton"]


def rotation(degrees, axis):
    turn = np.radians(degrees)
    cos, sin = np.cos(turn), np.sin(turn)
    return np.insert(np.insert([[cos, -sin], [sin, cos]], axis, 0, axis=0), axis, np.eye(3)[axis], axis=1)


def standing_along(up):
    """The walk in coordinates whose axis `up` is up."""
    back = np.linalg.inv(turn_upright(np.eye(3), up))
    return WALK.positions @ back


@pytest.mark.parametrize("up", AXES)
def test_a_body_that_stands_along_an_axis_is_turned_upright_and_that_is_noted(up):
    positions = standing_along(up)
    assert body_up(positions, WALK.joints) == up
    with collect_notes() as notes:
        turned = upright(positions, WALK.joints, is_stated=False)
    np.testing.assert_allclose(turned, WALK.positions, atol=1e-6)
    assert len(notes) == (up != "y")
    assert all(f"the body stands along {up}" in note for note in notes)


@pytest.mark.parametrize("degrees", [40, 45, 50, 130, 225])
@pytest.mark.parametrize("axis", [0, 2])
def test_a_body_that_does_not_stand_along_an_axis_is_refused(degrees, axis):
    leaning = WALK.positions @ rotation(degrees, axis)
    with pytest.raises(MediaError, match="the up direction is unclear: it is not stated"):
        upright(leaning, WALK.joints, is_stated=False)


def test_a_stated_direction_is_accepted_for_a_leaning_body_and_refused_if_it_contradicts_the_body():
    leaning = WALK.positions @ rotation(45, 0)
    with collect_notes() as notes:
        np.testing.assert_array_equal(upright(leaning, WALK.joints, is_stated=True), leaning)
    assert not notes
    for up in ("-y", "x", "z"):
        with pytest.raises(MediaError, match="the stated up direction contradicts the body"):
            upright(standing_along(up), WALK.joints, is_stated=True)


def test_a_crouching_sitter_with_folded_parts_shows_no_direction():
    folded = WALK.positions.copy()
    head, neck, foot = (WALK.joints.index(name) for name in ("head", "neck", "left_foot"))
    folded[:, [head, neck], 1] -= 2.0  # the head hangs below the hips, and the feet stay below
    assert body_up(folded, WALK.joints) is None
    assert body_up(WALK.positions[:, :3], WALK.joints[:3]) is None  # there are no feet
    assert foot


def test_captured_walks_stand_upright(shared):
    for sample in open_dataset("emotion_gait", shared / "data" / "emotion_gait").samples[::3]:
        walk = sample.media["skeleton"]
        assert body_up(walk.positions, walk.joints) == "y"
