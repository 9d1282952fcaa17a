"""Left and right: as named, or exchanged, by the knees and by the walking direction."""

import numpy as np
import pytest

from affekt.core.notes import collect_notes
from affekt.data.open import open_dataset
from affekt.media.skeleton.sides import measure_sides, named_sides

SAMPLES = open_dataset("walkers", None, {"walkers": 8}).samples
WALK = SAMPLES[0].media["skeleton"]


def swapped(joints):
    return tuple(n.replace("left", "?").replace("right", "left").replace("?", "right") for n in joints)


def checked(positions, joints=WALK.joints):
    with collect_notes() as notes:
        return named_sides(positions, joints), list(notes)


def test_a_correctly_named_walk_is_not_changed():
    positions, notes = checked(WALK.positions)
    np.testing.assert_array_equal(positions, WALK.positions)
    assert notes == []


@pytest.mark.parametrize("axis", [0, 2])
def test_mirrored_coordinates_are_mirrored_back_and_that_is_noted(axis):
    flip = np.where(np.arange(3) == axis, -1, 1)
    positions, (note,) = checked(WALK.positions * flip)
    assert note.startswith("left and right are exchanged (the knees bend backward): the walk was mirrored")
    turned = positions if axis == 0 else positions * [-1, 1, -1]  # a half turn about the vertical
    np.testing.assert_array_equal(turned, WALK.positions)


def test_swapped_names_are_undone_up_to_a_reflection():
    positions, (note,) = checked(WALK.positions, swapped(WALK.joints))
    assert "cannot be decided" in note
    np.testing.assert_array_equal(positions, WALK.positions * [-1, 1, 1])


def stiff(positions):
    """The walk with straight legs, which give no evidence."""
    straight = positions.copy()
    for side in ("left", "right"):
        hip, knee, foot = (WALK.joints.index(f"{side}_{part}") for part in ("hip", "knee", "foot"))
        straight[:, knee] = (straight[:, hip] + straight[:, foot]) / 2
    return straight


def over_the_ground(speed):
    return np.arange(len(WALK.positions))[:, None, None] * np.array([0.0, 0.0, speed])


@pytest.mark.parametrize("centred", [True, False])
def test_the_walking_direction_decides_where_the_knees_are_straight(centred):
    positions = stiff(WALK.positions) + (0 if centred else over_the_ground(0.03))
    assert measure_sides(positions, WALK.joints).knees == pytest.approx(0, abs=1e-6)
    assert checked(positions)[1] == []
    _, (note,) = checked(positions * [-1, 1, 1])
    assert note.startswith("left and right are exchanged (the body moves backward)")


def test_knees_decide_for_a_person_who_walks_backward():
    positions, (note,) = checked(WALK.positions + over_the_ground(-0.03))
    np.testing.assert_array_equal(positions, WALK.positions + over_the_ground(-0.03))
    assert "taken as backward" in note


def test_unclear_sides_are_noted():
    flat = WALK.positions * [1, 1, 0]
    positions, (note,) = checked(flat)
    np.testing.assert_array_equal(positions, flat)
    assert note.startswith("left and right could not be checked")


def test_all_invented_walks_agree_with_their_names_and_all_mirrored_ones_do_not():
    for sample in SAMPLES:
        walk = sample.media["skeleton"]
        assert measure_sides(walk.positions, walk.joints).verdict == "named"
        assert measure_sides(walk.positions * [-1, 1, 1], walk.joints).verdict == "exchanged"


def test_knees_and_walking_direction_agree_in_every_captured_walk(shared):
    walks = [
        s.media["skeleton"] for s in open_dataset("emotion_gait", shared / "data" / "emotion_gait").samples
    ]
    sides = [measure_sides(walk.positions, walk.joints) for walk in walks]
    assert all(side.knees * side.travel > 0 for side in sides)
    assert [side.verdict for side in sides].count("exchanged") == 106  # as `data check` counts them
    for walk, side in list(zip(walks, sides, strict=True))[::5]:
        mirrored = measure_sides(walk.positions * [1, 1, -1], walk.joints)
        assert {side.verdict, mirrored.verdict} == {"named", "exchanged"}
