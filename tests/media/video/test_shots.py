"""Cuts are found; movement, flashes and gradual changes are none."""

import numpy as np
import pytest

from affekt.invented.face_scenes import Backdrop, FaceScene, Key, Role, actor, draw_scene
from affekt.invented.face_scenes.examples import crossing_scene, cut_scene
from affekt.media.video import VideoFrames, open_video
from affekt.media.video.shots import ShotFinder, change, exact_cuts, looks_of

SMALL = (160, 90)


def cuts_of(frames, *, step=1):
    """Times of the first frames of shots."""
    finder = ShotFinder()
    judged = []
    for number, (time_s, picture) in enumerate(frames):
        if number % step == 0:
            judged += finder.update(time_s, looks_of(picture))
    judged += finder.finish()
    assert [it.time_s for it in judged] == sorted(it.time_s for it in judged)
    return [it.time_s for it in judged if it.begins]


def levels(*values, each=5, rate_hz=5.0):
    """Frames of one grey level each, with the same picture on them."""
    base = np.random.default_rng(0).integers(0, 100, (9, 16, 3)).repeat(8, axis=0).repeat(8, axis=1)
    return [
        (n / rate_hz, (base + value).clip(0, 255).astype(np.uint8))
        for n, value in enumerate(np.repeat(values, each).tolist())
    ]


@pytest.mark.parametrize("step", [1, 2, 5])
def test_all_cuts_of_a_scene_are_found_and_flashes_are_not(step):
    scene = cut_scene(rate_hz=25.0 / 5 * step, size=SMALL)._replace(flashes=(5.0,))
    found = cuts_of(draw_scene(scene))
    assert found == pytest.approx(scene.cuts_s, abs=0.01)


def test_faces_that_fill_the_picture_and_move_are_no_cuts():
    near = (Key(0, 0.2, 0.5, 0.9), Key(1, 0.8, 0.4, 0.95), Key(2, 0.3, 0.6, 0.8), Key(4, 0.7, 0.5, 1.0))
    scene = FaceScene(*SMALL, 5.0, 4.0, (Backdrop(0, (90, 120, 60)),), (Role(actor(3), near),))
    assert cuts_of(draw_scene(scene)) == []


def test_people_who_walk_past_each_other_are_no_cuts():
    assert cuts_of(draw_scene(crossing_scene(rate_hz=5.0, size=SMALL))) == []


def test_light_that_is_switched_on_is_no_cut():
    assert cuts_of(levels(10, 90)) == []


def test_a_fade_is_no_cut():
    assert cuts_of(levels(*range(0, 150, 15), each=1)) == []


def test_black_and_blank_pictures_have_no_cuts():
    assert cuts_of([(0.2 * n, np.zeros((20, 30, 3), np.uint8)) for n in range(6)]) == []
    assert cuts_of([(0.2 * n, np.full((2, 2, 3), 9, np.uint8)) for n in range(3)]) == []


def test_a_picture_from_black_begins_a_shot():
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (9, 16, 3), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    frames = [(0.2 * n, np.zeros_like(picture) if n < 5 else picture) for n in range(10)]
    assert cuts_of(frames) == pytest.approx([1.0])


def test_a_cut_in_the_last_frame_is_found():
    scene = cut_scene(rate_hz=5.0, size=SMALL)._replace(flashes=(), duration_s=2.2)
    assert cuts_of(draw_scene(scene)) == pytest.approx([2.0])


def test_change_is_0_for_the_same_and_symmetric():
    rng = np.random.default_rng(2)
    one, other = (looks_of(rng.integers(0, 256, (90, 160, 3), np.uint8)) for _ in range(2))
    assert change(one, one) == pytest.approx(0, abs=1e-3)
    assert change(one, other) == change(other, one)


def test_cuts_are_found_to_the_frame_between_two_searched_ones():
    scene = cut_scene(rate_hz=10.0, size=SMALL)._replace(flashes=())
    pixels = np.stack([picture for _, picture in draw_scene(scene)])
    video = open_video(VideoFrames(pixels, np.arange(len(pixels)) / 10, len(pixels) / 10))
    spans = [(round(cut * 10) - 2, round(cut * 10) + 1) for cut in scene.cuts_s]
    assert exact_cuts(video, spans) == pytest.approx(scene.cuts_s)


def test_without_cuts_nothing_is_decoded():
    video = open_video(VideoFrames(np.zeros((2, 8, 8, 3), np.uint8), np.array([0.0, 1.0]), 2.0))
    assert exact_cuts(video, []) == []
