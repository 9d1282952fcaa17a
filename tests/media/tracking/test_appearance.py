"""Appearance of persons, and tracks that it joins."""

import numpy as np
import pytest

from affekt.invented.face_scenes import actor, draw_scene, planted
from affekt.invented.face_scenes.examples import cut_scene
from affekt.media.image.colours import colour_histogram
from affekt.media.tracking import Piece, alike, appearance_of, rejoined


def flat(*colour):
    return appearance_of(np.full((60, 60, 3), colour, np.uint8), np.array([20, 10, 40, 30]))


def piece(start, end, look, seen=10):
    return Piece(float(start), float(end), seen, look)


RED, BLUE, ROSE = flat(200, 30, 30), flat(30, 30, 200), flat(205, 35, 35)


def test_the_similarity_of_a_picture_to_itself_is_1_and_to_other_colours_small():
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (20, 20, 3), np.uint8)
    assert colour_histogram(noise) @ colour_histogram(noise) == pytest.approx(1, abs=1e-6)
    red, green = (np.full((4, 4, 3), colour, np.uint8) for colour in ((200, 30, 30), (30, 200, 30)))
    assert colour_histogram(red) @ colour_histogram(green) < 0.3


def test_no_pixels_have_no_colours():
    assert not colour_histogram(np.zeros((0, 5, 3), np.uint8)).any()


def test_clothes_below_the_picture_are_not_compared():
    picture = np.full((40, 40, 3), (200, 30, 30), np.uint8)
    head_only = appearance_of(picture, np.array([10, 10, 30, 38]))
    assert head_only[0].any() and not head_only[1].any()
    assert alike(head_only[None], RED[None])[0, 0] == pytest.approx(1, abs=1e-5)


def test_a_box_beyond_the_picture_has_no_appearance():
    picture = np.zeros((40, 40, 3), np.uint8)
    assert not appearance_of(picture, np.array([100, 100, 120, 130])).any()


def test_drawn_people_look_like_themselves_in_other_shots_and_not_like_each_other():
    scene = cut_scene(rate_hz=2.0, size=(320, 180))
    looks = {}
    for time_s, picture in draw_scene(scene._replace(flashes=())):
        for face in planted(scene, time_s):
            looks.setdefault(face.actor, []).append(appearance_of(picture, face.box))
    one, other = (np.stack(it) for it in looks.values())
    assert min(alike(one, one).min(), alike(other, other).min()) > alike(one, other).max() + 0.05


def test_a_piece_is_joined_to_who_it_clearly_looks_like():
    assert rejoined([piece(0, 2, RED), piece(0, 2, BLUE), piece(4, 6, BLUE), piece(4, 6, RED)]) == [
        0,
        1,
        1,
        0,
    ]


def test_nobody_is_joined_where_two_look_alike():
    assert rejoined([piece(0, 2, RED), piece(0, 2, ROSE), piece(4, 6, RED)]) == [0, 1, 2]


def test_two_who_are_seen_together_are_never_one():
    assert rejoined([piece(0, 3, RED), piece(2, 5, RED)]) == [0, 1]


def test_of_two_who_come_at_once_neither_is_joined_if_both_look_like_somebody_seen_before():
    assert rejoined([piece(0, 2, RED), piece(4, 6, RED), piece(4, 6, ROSE)]) == [0, 1, 2]


def test_a_face_that_was_seen_for_a_moment_is_not_joined():
    assert rejoined([piece(0, 2, RED), piece(4, 4.2, RED, seen=2)]) == [0, 1]


def test_no_pieces_are_nobody():
    assert rejoined([]) == []


def test_actors_have_clothes_of_their_own():
    assert len({actor(number).clothes for number in range(12)}) == 12
