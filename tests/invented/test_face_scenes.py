"""Scenes of drawn people: frames and truth agree."""

import numpy as np
import pytest

from affekt.invented.face_scenes import (
    Backdrop,
    FaceScene,
    Key,
    Role,
    Turn,
    actor,
    conversation_scene,
    draw_scene,
    planted,
    write_scene,
)
from affekt.invented.face_scenes.examples import crossing_scene, cut_scene, returning_scene
from affekt.media.sound import Waveform
from affekt.media.video import open_video

SIZE = (160, 90)


def one(*keys, mouth=(), **options):
    return FaceScene(
        *SIZE, 5.0, 1.0, (Backdrop(0, (120, 130, 140)),), (Role(actor(0), keys, mouth),), grain=0.0, **options
    )


def frame_at(scene, time_s=0.0):
    return next(picture for when, picture in draw_scene(scene) if when >= time_s - 1e-6)


def test_the_same_scene_has_the_same_frames():
    scene = crossing_scene(rate_hz=2.0, size=SIZE)
    first, second = ([picture for _, picture in draw_scene(scene)] for _ in range(2))
    assert len(first) == 16 and all((a == b).all() for a, b in zip(first, second, strict=True))


def test_the_face_is_where_it_is_planted():
    scene = one(Key(0, 0.3, 0.5, 0.5), Key(2, 0.3, 0.5, 0.5))
    (face,) = planted(scene, 0.0)
    assert face.box[3] - face.box[1] == pytest.approx(45)
    assert (face.box[0] + face.box[2]) / 2 == pytest.approx(48)
    with_face, empty = frame_at(scene).astype(int), frame_at(scene._replace(roles=())).astype(int)
    left, top, right, bottom = face.box.round().astype(int)
    changed = np.abs(with_face - empty).max(axis=2) > 8
    assert changed[top:bottom, left:right].mean() > 0.9
    beside = changed[top:bottom]
    assert not beside[:, : left - 20].any() and not beside[:, right + 20 :].any()


def test_a_face_twice_as_far_to_the_right_is_drawn_twice_as_far_to_the_right():
    near, far = (frame_at(one(Key(0, x, 0.5, 0.4), Key(2, x, 0.5, 0.4), seed=0)) for x in (0.25, 0.75))
    wall = frame_at(one(Key(0, 5.0), Key(2, 5.0)))
    columns = [np.flatnonzero((np.abs(it.astype(int) - wall) > 8).any(axis=(0, 2))) for it in (near, far)]
    assert columns[1].mean() - columns[0].mean() == pytest.approx(80, abs=2)


def test_a_mouth_that_opens_changes_the_lower_face_only():
    still = (Key(0, 0.5, 0.5, 0.7), Key(2, 0.5, 0.5, 0.7))
    closed, opened = one(*still), one(*still, mouth=((0, 1.0), (2, 1.0)))
    (face,) = planted(opened, 0.0)
    assert face.opening == 1.0
    different = np.abs(frame_at(closed).astype(int) - frame_at(opened)).max(axis=2) > 20
    rows = np.flatnonzero(different.any(axis=1))
    assert rows.min() > face.landmarks[2, 1] and different.sum() > 20


def test_an_expression_shows():
    calm, glad = (
        one(Key(0, 0.5, 0.5, 0.7, "happiness", s), Key(2, 0.5, 0.5, 0.7, "happiness", s)) for s in (0, 1)
    )
    assert (np.abs(frame_at(calm).astype(int) - frame_at(glad)) > 20).any()
    assert planted(glad, 0.0)[0].emotion == "happiness"


def test_who_is_behind_another_is_hidden_by_the_share_that_is_covered():
    scene = crossing_scene(size=SIZE)
    behind, front = planted(scene, 2.0)
    assert front.visible == 1.0 and behind.visible < 0.3
    assert all(it.visible == 1.0 for it in planted(scene, 0.0))


def test_who_has_left_the_picture_is_not_visible():
    scene = returning_scene(size=SIZE)
    seen = {time_s: [it.visible > 0.5 for it in planted(scene, time_s)] for time_s in (1.0, 2.95, 4.5, 8.0)}
    assert seen == {1.0: [True, True], 2.95: [True, False], 4.5: [True], 8.0: [True, True]}


def test_a_cut_changes_the_backdrop_at_its_frame():
    scene = cut_scene(rate_hz=10.0, size=SIZE)
    assert scene.cuts_s == pytest.approx((2.0, 4.1, 6.0, 8.2, 10.0))
    frames = {
        round(time_s, 3): picture.astype(int) for time_s, picture in draw_scene(scene._replace(flashes=()))
    }
    for cut_s in scene.cuts_s:
        before, first, after = (frames[round(cut_s + step, 3)] for step in (-0.1, 0.0, 0.1))
        assert np.abs(first - before).mean() > 4 * np.abs(after - first).mean()


def test_in_a_conversation_the_mouth_of_who_speaks_moves():
    turns = [Turn(0, 0.5, 2.0, "happiness"), Turn(1, 2.5, 4.0, "anger")]
    scene = conversation_scene([actor(0), actor(1)], turns, duration_s=5.0, width=160, height=90, rate_hz=5.0)
    when = np.arange(0, 5, 0.05)
    openings = np.array([[face.opening for face in planted(scene, time_s)] for time_s in when])
    first, second = (when > 0.6) & (when < 1.9), (when > 2.6) & (when < 3.9)
    assert openings[first, 0].mean() > 0.2 and not openings[first, 1].any()
    assert openings[second, 1].mean() > 0.2 and not openings[second, 0].any()
    middle = {face.actor: (face.emotion, round(face.strength, 2)) for face in planted(scene, 3.25)}
    assert middle == {"actor-1": ("neutral", 0.0), "actor-2": ("anger", 1.0)}


def test_a_scene_is_written_with_its_sound(tmp_path):
    scene = crossing_scene(rate_hz=5.0, size=SIZE)._replace(duration_s=1.0)
    sound = Waveform(np.zeros((1, 16000), np.float32), 16000)
    video = open_video(write_scene(tmp_path / "scene.mp4", scene, sound))
    assert (len(video), video.width, video.height, video.sound_tracks) == (5, 160, 90, 1)
    assert np.abs(video.read([0])[0].astype(int) - frame_at(scene)).mean() < 6
