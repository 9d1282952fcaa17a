"""Animated pictures and folders of frames as clips."""

import numpy as np
import pytest
from PIL import Image

from affekt.core.errors import MediaError
from affekt.media.video import open_video
from affekt.media.video.folder import is_folder_of_frames

COLOURS = ((250, 0, 0), (0, 250, 0), (0, 0, 250))
FRAMES = [Image.new("RGB", (16, 12), colour) for colour in COLOURS]


def saved(path, durations=(100, 200, 300), **values):
    FRAMES[0].save(path, save_all=True, append_images=FRAMES[1:], duration=list(durations), **values)
    return path


@pytest.mark.parametrize(
    ("name", "values"),
    [("a.gif", {}), ("a.webp", {"lossless": True}), ("a.png", {}), ("b.apng", {"format": "PNG"})],
)
def test_frames_have_their_pixels_and_times(tmp_path, name, values):
    video = open_video(saved(tmp_path / name, **values))
    assert (len(video), video.width, video.height, video.sound_tracks) == (3, 16, 12, 0)
    assert video.times_s.tolist() == pytest.approx([0, 0.1, 0.3]) and video.end_s == pytest.approx(0.6)
    assert np.abs(video.read([2, 0])[:, 5, 5].astype(int) - [COLOURS[2], COLOURS[0]]).max() < 8
    assert video.read([1], height=6).shape == (1, 6, 8, 3)
    assert video.part(0.1, 0.3).read([0])[0, 5, 5].tolist() == video.read([1])[0, 5, 5].tolist()


def test_frames_without_a_duration_are_shown_as_browsers_do(tmp_path):
    video = open_video(saved(tmp_path / "a.gif", durations=(0, 10, 100)))
    assert video.end_s == pytest.approx(0.3)
    assert video.notes == ["2 of its frames state no duration: 0.1 s each is assumed"]


def test_the_picture_for_other_viewers_is_no_frame_of_an_animated_png(tmp_path):
    video = open_video(saved(tmp_path / "a.png", durations=(100, 100), default_image=True))
    assert len(video) == 2 and video.read([0])[0, 5, 5].tolist() == list(COLOURS[1])


def test_a_cut_animation_is_noted_or_refused(tmp_path):
    rng = np.random.default_rng(0)
    frames = [Image.fromarray(rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)) for _ in range(4)]
    path = tmp_path / "a.png"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 4])
    video = open_video(path)
    assert 2 <= len(video) < 4 and "cut off" in video.notes[0]
    path.write_bytes(content[:100])
    with pytest.raises(MediaError):
        open_video(path)


def test_an_animation_that_takes_too_long_to_decode_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("affekt.media.video.animation.MAX_TOTAL_PIXELS", 2 * 16 * 12)
    with pytest.raises(MediaError, match="convert it to a video"):
        open_video(saved(tmp_path / "a.gif"))


def test_frames_may_have_one_name_before_their_numbers(tmp_path):
    for number, frame in enumerate(FRAMES, start=8):
        frame.save(tmp_path / f"frame_{number}.png")
    video = open_video(tmp_path, rate_hz=10.0)
    assert len(video) == 3 and video.end_s == pytest.approx(0.3)
    assert video.read([2])[0, 5, 5].tolist() == list(COLOURS[2])


@pytest.mark.parametrize(
    ("names", "is_clip"),
    [
        (["1.jpg", "2.jpg", "n_frames"], True),
        (["img10.png", "img11.png", "img12.png"], True),
        (["1.jpg"], False),
        (["anna1.jpg", "ben1.jpg", "ben2.jpg"], False),
        (["1.mp4", "2.mp4"], False),
        (["1.jpg", "2.jpg", "a.mp4", "b.mp4", "c.mp4"], False),
    ],
)
def test_a_folder_of_frames_is_told_by_its_names(tmp_path, names, is_clip):
    assert is_folder_of_frames(tmp_path, [tmp_path / name for name in names]) == is_clip
