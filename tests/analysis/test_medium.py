from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from affekt.analysis.medium import open_medium
from affekt.core.errors import MediaError, UsageError
from affekt.media.sound import Waveform
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip

RATE_HZ = 16000


def tone(length_s: float) -> Waveform:
    time = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return Waveform((0.2 * np.sin(2 * np.pi * 220 * time)).astype(np.float32)[None], RATE_HZ)


def frames(length_s: float) -> VideoFrames:
    count = round(10 * length_s)
    pixels = np.random.default_rng(0).integers(0, 256, (count, 36, 48, 3), np.uint8)
    return VideoFrames(pixels, np.arange(count) / 10, length_s)


def test_a_clip_has_a_picture_and_sound(tmp_path):
    write_clip(tmp_path / "clip.mp4", frames(2.0), tone(2.0))
    found = open_medium(tmp_path / "clip.mp4")
    assert (found.medium.width, found.medium.height, found.medium.has_sound) == (48, 36, True)
    assert found.medium.duration_s == pytest.approx(2.0, abs=0.1)
    assert found.medium.frame_rate_hz == pytest.approx(10, abs=0.1)
    assert found.notes == ()


def test_sound_of_another_length_than_the_picture_is_noted(tmp_path):
    write_clip(tmp_path / "clip.mp4", frames(2.0), tone(5.0))
    found = open_medium(tmp_path / "clip.mp4")
    assert found.medium.duration_s == pytest.approx(5.0, abs=0.1)
    assert "the picture ends at 2.0 s and the sound at 5." in found.notes[0]


def test_a_clip_without_sound_and_sound_without_a_picture(tmp_path):
    write_clip(tmp_path / "silent.mp4", frames(1.0), None)
    found = open_medium(tmp_path / "silent.mp4")
    assert found.sound is None
    assert not found.medium.has_sound
    write_clip(tmp_path / "both.mp4", frames(1.0), tone(1.0))
    from scipy.io import wavfile

    from affekt.media.sound import read_sound

    wavfile.write(
        tmp_path / "voice.wav", RATE_HZ, read_sound(tmp_path / "both.mp4", rate_hz=RATE_HZ).samples[0]
    )
    found = open_medium(tmp_path / "voice.wav")
    assert found.video is None
    assert found.medium.has_sound
    assert found.medium.width is None


def test_a_photo_is_one_upright_picture_without_length(tmp_path):
    image = Image.new("RGB", (40, 30))
    exif = image.getexif()
    exif[0x0112] = 6  # turned by 90 degrees
    image.save(tmp_path / "photo.jpg", exif=exif)
    found = open_medium(tmp_path / "photo.jpg")
    assert found.picture is not None
    assert found.picture.shape == (40, 30, 3)
    assert (found.medium.width, found.medium.height, found.medium.duration_s) == (30, 40, 0)


def test_an_animated_picture_is_a_video(tmp_path):
    pictures = [Image.new("RGB", (20, 20), (40 * n, 0, 0)) for n in range(4)]
    pictures[0].save(tmp_path / "moving.gif", save_all=True, append_images=pictures[1:], duration=200)
    found = open_medium(tmp_path / "moving.gif")
    assert found.picture is None
    assert found.medium.duration_s == pytest.approx(0.8)


def test_a_folder_of_frames_is_a_video_and_another_folder_is_refused(tmp_path):
    (tmp_path / "frames").mkdir()
    for number in range(5):
        Image.new("RGB", (20, 20)).save(tmp_path / "frames" / f"{number:04}.jpg")
    assert open_medium(tmp_path / "frames", rate_hz=5.0).medium.duration_s == pytest.approx(1.0)
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    with pytest.raises(UsageError, match="not the frames of one video"):
        open_medium(tmp_path)


def test_words_alone_are_a_medium(tmp_path):
    (tmp_path / "talk.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n", encoding="utf-8")
    found = open_medium(tmp_path / "talk.srt")
    assert found.lines
    assert found.video is None
    assert found.sound is None


@pytest.mark.parametrize("content", [b"", b"no medium at all", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_medium_is_refused(tmp_path, content):
    (tmp_path / "clip.mp4").write_bytes(content)
    with pytest.raises(MediaError):
        open_medium(tmp_path / "clip.mp4")


def test_a_path_that_does_not_exist_is_refused(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        open_medium(tmp_path / "none.mp4")
