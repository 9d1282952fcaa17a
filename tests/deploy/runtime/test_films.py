"""A film and its subtitles are one dialogue, each line with its part of picture and sound."""

import numpy as np
import pytest

from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime.conversations import file_samples, film_samples, subtitles_of
from affekt.media.sound import Waveform, sound_of
from affekt.media.video import VideoFrames, video_of
from affekt.media.video.write import write_clip

CUES = """1
00:00:00,000 --> 00:00:01,000
Ann: Hello.

2
00:00:01,000 --> 00:00:02,000
Ben: It rains.
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Two seconds: dark and silent, then light and loud."""
    path = tmp_path_factory.mktemp("film") / "evening.mp4"
    levels = np.repeat([30, 220], 5).astype(np.uint8)[:, None, None, None]
    pixels = np.ascontiguousarray(np.broadcast_to(levels, (10, 32, 32, 3)))
    tone = np.where(np.arange(32000) < 16000, 0.0, 0.5) * np.sin(np.arange(32000) * 0.3)
    frames = VideoFrames(pixels, np.arange(10) / 5, 2.0)
    write_clip(path, frames, Waveform(tone[None].astype(np.float32), 16000))
    path.with_suffix(".srt").write_text(CUES)
    return path


def test_each_line_has_its_part_of_picture_and_sound(film):
    first, second = film_samples(film, keep=3)
    assert (first.speaker, first.media["text"], second.speaker) == ("Ann", "Hello.", "Ben")
    assert [turn.turn for turn in second.around.turns][:1] == [1]
    dark, light = (video_of(line).read([2]).mean() for line in (first, second))
    assert dark < 60 < 190 < light
    quiet, loud = (
        np.abs(sound_of(line, rate_hz=16000).samples[0, 2000:-2000]).max() for line in (first, second)
    )
    assert quiet < 0.05 < 0.3 < loud


def test_a_line_without_times_has_words_alone_and_says_so(film, tmp_path):
    lines = tmp_path / "talk.txt"
    lines.write_text("Ann: Hello.\nBen: It rains.\n")
    samples = list(file_samples(lines, keep=0, media={"video": film}))
    assert all(isinstance(one, Sample) and set(one.media) == {"text"} for one in samples)
    assert "it has no times: answered without its video" in samples[0].facts["notes"]


def test_subtitles_are_those_beside_the_film(tmp_path):
    film = tmp_path / "evening.mp4"
    assert subtitles_of(film) is None
    for name in ("evening.fr.vtt", "evening.en.srt", "morning.srt", "evening.srt"):
        (tmp_path / name).touch()
    assert subtitles_of(film).name == "evening.srt"
    (tmp_path / "evening.srt").unlink()
    assert subtitles_of(film).name == "evening.en.srt"


def test_results_are_not_taken_for_the_subtitles_of_a_film(tmp_path):
    for name in ("evening.affekt.srt", "evening.affekt.vtt"):
        (tmp_path / name).touch()
    assert subtitles_of(tmp_path / "evening.mp4") is None
    assert subtitles_of(tmp_path / "evening.affekt.mp4").name == "evening.affekt.srt"


def test_a_film_without_subtitles_is_skipped_with_what_to_do(tmp_path):
    (found,) = film_samples(tmp_path / "evening.mp4", keep=0)
    assert isinstance(found, Skipped) and "no subtitles lie beside it (evening.srt" in found.reason
