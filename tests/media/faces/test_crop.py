"""Faces are cut where their landmarks say, and what makes an answer worse lowers the trust in it."""

import numpy as np
import pytest
from pydantic import ValidationError

from affekt.media.faces import CutFace, FaceCrop, cut_face, square_of
from affekt.media.faces.limits import BEYOND, LEAST_TRUST, ROLL_DEG, TURN

POINTS = ((0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8))
UPRIGHT = FaceCrop(points=POINTS, turned=True, least_px=16, trusted_px=32)
MOVED = UPRIGHT.model_copy(update={"turned": False})


def landmarks_at(left, top, side, degrees=0.0):
    """The landmarks of a face whose square, turned about its middle, has this place."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.array([left, top]) + side * ((np.array(POINTS) - 0.5) @ turn.T + 0.5)


def box_of(points):
    return np.concatenate([points.min(axis=0), points.max(axis=0)])


def dotted(points, size=(300, 400), radius=4):
    """A black picture with a white dot at each landmark."""
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    near = [(rows - y) ** 2 + (columns - x) ** 2 < radius**2 for x, y in points]
    return np.repeat((np.any(near, axis=0) * 255).astype(np.uint8)[..., None], 3, axis=2)


def cut(picture, points, crop=UPRIGHT, side=100):
    found = cut_face(picture, box_of(points), points, crop, side=side)
    assert isinstance(found, CutFace), found
    return found


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3)).astype(np.uint8)


@pytest.mark.parametrize("degrees", [0, 15, -30])
@pytest.mark.parametrize("side", [60, 150])
def test_landmarks_come_to_their_places(degrees, side):
    points = landmarks_at(120, 80, side, degrees)
    pixels = cut(dotted(points, radius=side / 25), points).pixels
    assert pixels.shape == (100, 100, 3) and pixels.dtype == np.uint8
    for x, y in np.array(POINTS) * 100:
        assert pixels[int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].min() > 150
    assert pixels[:30].max() < 60


def test_a_face_that_lies_in_its_square_already_is_copied():
    picture = noise(300, 400)
    pixels = cut(picture, landmarks_at(100, 50, 100)).pixels
    assert np.abs(pixels.astype(int) - picture[50:150, 100:200]).max() <= 1


def test_a_crop_that_is_not_turned_keeps_the_inclination_and_the_size_of_a_face():
    inclined = square_of(np.zeros(4), landmarks_at(100, 50, 100, 18), MOVED)
    assert inclined == pytest.approx((100, 50, 100), abs=4)
    points = landmarks_at(100, 50, 100, 18)
    pixels = cut(dotted(points), points, MOVED).pixels
    right, left = ((points[eye] - [100, 50]).astype(int) for eye in (0, 1))
    assert right[1] < left[1] - 10
    assert pixels[right[1], right[0], 0] > 200 and pixels[left[1], left[0], 0] > 200


def test_what_lies_beyond_the_picture_repeats_its_edge():
    picture = noise(200, 200)
    pixels = cut(picture, landmarks_at(-8, 50, 100)).pixels
    assert (pixels[:, :6] == pixels[:, :1]).all()
    assert np.abs(pixels[:, 9:].astype(int) - picture[50:150, 1:92]).max() <= 1


def test_a_large_face_is_averaged_and_not_sampled():
    stripes = np.zeros((1000, 1000, 3), np.uint8)
    stripes[:, ::2] = 255
    for degrees in (0, 10):
        pixels = cut(stripes, landmarks_at(100, 100, 800, degrees), side=48).pixels
        assert np.abs(pixels.astype(int) - 127).max() < 12


def test_the_picture_is_not_changed():
    picture = noise(200, 200)
    picture.flags.writeable = False
    cut(picture, landmarks_at(-8, 50, 100))


def test_a_good_face_has_full_trust_and_no_note():
    found = cut(noise(300, 300), landmarks_at(100, 100, 100))
    assert found.trust == 1 and found.notes == ()


def test_a_small_face_has_less_trust_and_a_smaller_one_is_left_out():
    picture = noise(300, 300)
    found = cut(picture, landmarks_at(100, 100, 24), side=48)
    assert found.trust == pytest.approx((1 + LEAST_TRUST) / 2)
    assert found.notes == ("the face is small: its square has fewer than 32 pixels a side",)
    points = landmarks_at(100, 100, 12)
    reason = cut_face(picture, box_of(points), points, UPRIGHT, side=48)
    assert reason == "the face is too small: its square has 12 pixels a side, fewer than 16"


def test_a_face_at_the_edge_has_less_trust_and_one_that_is_hardly_there_is_left_out():
    picture = noise(300, 300)
    middle = sum(BEYOND) / 2
    found = cut(picture, landmarks_at(-100 * middle, 100, 100))
    assert LEAST_TRUST < found.trust < 1 and "cut off" in found.notes[0]
    points = landmarks_at(-100 * BEYOND[1] - 5, 100, 100)
    reason = cut_face(picture, box_of(points), points, UPRIGHT, side=48)
    assert isinstance(reason, str) and "lies beyond the picture" in reason


def test_a_face_without_its_mouth_is_left_out_and_one_without_its_hair_is_not():
    picture = noise(300, 300)
    without_hair = cut(picture, landmarks_at(100, -20, 100))
    assert without_hair.trust == 1
    part = cut(picture, landmarks_at(100, 220, 100))
    assert LEAST_TRUST < part.trust < 1 and "the mouth" in part.notes[0]
    points = landmarks_at(100, 232, 100)
    assert "the mouth" in str(cut_face(picture, box_of(points), points, UPRIGHT, side=48))


def test_an_inclined_head_lowers_trust_only_where_the_crop_does_not_turn_it_upright():
    picture = noise(300, 300)
    points = landmarks_at(100, 100, 100, sum(ROLL_DEG) / 2)
    assert cut(picture, points).trust == 1
    found = cut(picture, points, MOVED)
    assert found.trust == pytest.approx((1 + LEAST_TRUST) / 2) and "inclined" in found.notes[0]
    points = landmarks_at(100, 100, 100, ROLL_DEG[1] + 2)
    assert "inclined" in str(cut_face(picture, box_of(points), points, MOVED, side=48))


def test_a_head_that_is_turned_aside_lowers_trust_and_one_in_profile_is_left_out():
    picture = noise(300, 300)
    aside, profile = landmarks_at(100, 100, 100), landmarks_at(100, 100, 100)
    aside[2, 0] += 20 * sum(TURN) / 2  # half of the distance of the eyes is 20 pixels
    profile[2, 0] += 20 * TURN[1] + 4
    found = cut(picture, aside)
    assert found.trust == pytest.approx((1 + LEAST_TRUST) / 2) and "turned aside" in found.notes[0]
    assert "turned aside too far" in str(cut_face(picture, box_of(profile), profile, UPRIGHT, side=48))


def test_several_faults_multiply():
    points = landmarks_at(-24 * sum(BEYOND) / 2, 100, 24)
    found = cut(noise(300, 300), points)
    assert len(found.notes) == 3 and LEAST_TRUST**3 < found.trust < 0.65


@pytest.mark.parametrize(
    "points", [np.full((5, 2), 50.0), np.full((5, 2), np.nan), np.full((5, 2), np.inf)], ids=str
)
def test_landmarks_that_are_not_apart_are_a_reason_to_leave_a_face_out(points):
    found = cut_face(noise(100, 100), np.array([0, 0, 9, 9.0]), points, UPRIGHT, side=48)
    assert isinstance(found, str) and "landmarks" in found


def test_without_landmarks_the_box_is_cut_with_a_note():
    found = cut_face(noise(300, 300), np.array([100, 80, 180, 190.0]), None, UPRIGHT, side=48)
    assert isinstance(found, CutFace)
    assert "no landmarks" in found.notes[0]


def test_a_crop_that_trusts_what_it_leaves_out_is_refused():
    with pytest.raises(ValidationError, match="trusted_px 10 is less than least_px 16"):
        FaceCrop(points=POINTS, turned=True, least_px=16, trusted_px=10)


def test_a_face_that_lies_is_answered_with_less_confidence_and_one_upside_down_is_left_out():
    trusts = []
    for degrees in (40, 60, -80):
        points = landmarks_at(120, 80, 100, degrees)
        found = cut(noise(300, 400), points)
        trusts.append(found.trust)
        assert bool(found.notes) == (degrees != 40) and all("the face lies" in note for note in found.notes)
    assert trusts[0] == 1 > trusts[1] > trusts[2] > LEAST_TRUST
    for degrees in (100, 180):
        points = landmarks_at(120, 80, 100, degrees)
        assert "upside down" in str(cut_face(noise(300, 400), box_of(points), points, UPRIGHT, side=48))
