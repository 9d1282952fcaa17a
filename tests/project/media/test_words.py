"""`affekt project subtitles`: collected cues, recognised speech, the sound that is used, alignment."""

import json
import shutil
import subprocess

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import ConfigError, UsageError
from affekt.media.sound import read_sound
from affekt.media.speech import what_is_missing
from affekt.media.text import Line
from affekt.media.video.write import write_clip
from affekt.project.steps import run_step
from affekt.project.words.cues import Cue, stored_cues, words_at_seconds
from affekt.project.words.recognition import RecognitionStep
from affekt.project.words.subtitles import SubtitleStep
from affekt.project.words.summary import describe_words

GB = "1\n00:00:00,500 --> 00:00:02,000\n暴雨后的救援\n\n2\n00:00:02,000 --> 00:00:03,400\n他们都平安回家了\n"


def cues_of(project, item, track="collected"):
    with project.database() as connection:
        return stored_cues(connection, item, [track])


def findings(project, item):
    with project.database() as connection:
        return [it for it in describe_words(connection)["findings"] if it["item"] == item]


# Alignment


def test_each_second_has_the_earliest_cue_that_is_shown_then():
    cues = [Cue(0.5, 2.0, "A"), Cue(2.0, 3.4, "B")]
    assert words_at_seconds(cues, 4.9) == ["", "A", "A", "B", ""]  # the worked example of the card
    assert words_at_seconds(cues[::-1], 4.9) == ["", "A", "A", "B", ""]


def test_both_ends_of_the_clip_are_seconds():
    assert words_at_seconds([Cue(0.0, 9.0, "all")], 2.0) == ["all"] * 3
    assert words_at_seconds([], 0.4) == [""]


def test_of_cues_that_begin_together_the_first_is_taken():
    assert words_at_seconds([Cue(1, 2, "first"), Cue(1, 3, "second")], 3.0) == [
        "",
        "first",
        "first",
        "second",
    ]


def test_cues_between_two_seconds_or_outside_the_clip_are_at_no_second():
    assert words_at_seconds([Cue(0.1, 0.9, "short"), Cue(70, 80, "late"), Cue(1.5, 1.5, "no end")], 3.5) == [
        "",
        "",
        "",
        "",
    ]


@pytest.mark.parametrize("duration", [-1.0, float("nan"), float("inf")])
def test_a_duration_that_is_none_is_refused(duration):
    with pytest.raises(ValueError, match="a duration is at least 0 s"):
        words_at_seconds([], duration)


# Subtitle files


@pytest.fixture(scope="module")
def read(collected, tmp_path_factory):
    folder = tmp_path_factory.mktemp("subtitles")
    clips = folder / "clips"
    clips.mkdir()
    (clips / "chinese.srt").write_bytes(GB.encode("gb18030"))
    (clips / "overlap.vtt").write_text(
        "WEBVTT\n\n00:00.000 --> 00:04.000\nfirst\n\n00:02.000 --> 00:05.000\nsecond\n", "utf-8"
    )
    (clips / "damaged.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,000\nkept\n\n2\n00:99:01,000 --> 00:00:03,000\nlost times\n\n"
        "3\n00:00:04,000 --> 00:00:05,000\n[music]\n"
    )
    (clips / "talk.srt").write_text(
        "1\n00:00:01,000 --> 00:00:02,000\n- ANN: Is it over?\n- BEN: It is.\n", "utf-8"
    )
    (clips / "empty.srt").touch()
    (clips / "film.srt").write_bytes(bytes(range(256)) * 8)
    project = collected(
        folder, {name: {} for name in ("chinese", "overlap", "damaged", "talk", "empty", "film")}
    )
    return project, run_step(project, SubtitleStep())


def test_cues_in_another_encoding_are_read(read):
    project, _ = read
    assert cues_of(project, "chinese") == [
        Cue(0.5, 2.0, "暴雨后的救援"),
        Cue(2.0, 3.4, "他们都平安回家了"),
    ]


def test_overlapping_cues_are_all_kept_and_noted(read):
    project, _ = read
    assert [cue.text for cue in cues_of(project, "overlap")] == ["first", "second"]
    assert words_at_seconds(cues_of(project, "overlap"), 5.0) == ["first"] * 5 + ["second"]
    assert [it["text"] for it in findings(project, "overlap")] == [
        "collected: 1 x its subtitle begins before an earlier one ends"
    ]


def test_a_damaged_cue_is_listed_and_the_others_are_kept(read):
    project, _ = read
    assert [cue.text for cue in cues_of(project, "damaged")] == ["kept"]
    found = findings(project, "damaged")
    assert [(it["code"], it["level"]) for it in found] == [("skipped_cue", "warning"), ("left_out", "note")]
    assert "line 6: its times cannot be read: '00:99:01,000" in found[0]["text"]


def test_turns_of_one_cue_are_kept_apart_and_shown_together(read):
    project, _ = read
    with project.database() as connection:
        rows = connection.execute("SELECT speaker, text FROM cue WHERE item_id = 'talk'").fetchall()
    assert [tuple(row) for row in rows] == [("ANN", "Is it over?"), ("BEN", "It is.")]
    assert cues_of(project, "talk") == [Cue(1.0, 2.0, "Is it over?\nIt is.")]


def test_files_that_are_no_subtitles_are_listed_with_their_reason(read):
    project, ran = read
    assert {it.id for it in ran.failed} == {"empty", "film"}
    with project.database() as connection:
        failed = {it["item"]: it["reason"] for it in describe_words(connection)["failed"]}
    assert set(failed) == {"empty", "film"} and all(failed.values())
    assert run_step(project, SubtitleStep()).computed == 0


def test_a_stated_encoding_is_used_and_an_unknown_one_refused(collected, tmp_path):
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "one.srt").write_bytes(GB.encode("big5", "replace"))
    project = collected(tmp_path, {"one": {}}, settings='[words]\nencoding = "big5"')
    run_step(project, SubtitleStep())
    assert cues_of(project, "one")[0].text == GB.splitlines()[2].encode("big5", "replace").decode("big5")
    with pytest.raises(ConfigError, match=r"words\.encoding = 'bigger5'"):
        _ = state(project, "big5", "bigger5").settings


# Recognised speech, and stems


class Scripted:
    """A recogniser that hears the rate and length of the sound."""

    name = "scripted"

    def lines(self, sound):
        heard = read_sound(sound)
        words = f"{heard.duration_s:.0f} s at {heard.rate_hz} Hz"
        return [Line(words, 1, span_s=(0.0, 1.0), confidence=0.75)]


@pytest.fixture
def stems(collected, picture, sound, tmp_path):
    """`both` has a video with sound and its voice, `video` a video with sound, `mute` one without."""
    clips = tmp_path / "clips"
    clips.mkdir()
    write_clip(clips / "both.mp4", picture(0), sound(0))
    soundfile.write(clips / "both_vocals.wav", sound(1, seconds=3.0).samples[0], 16000)
    write_clip(clips / "video.mp4", picture(1), sound(2))
    write_clip(clips / "mute.mp4", picture(2), None)
    (clips / "both.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nwritten\n")
    return collected(tmp_path, {"both": {}, "video": {}, "mute": {}})


def state(project, old, new):
    file = project.path / "project.toml"
    file.write_text(file.read_text("utf-8").replace(old, new), "utf-8")
    return type(project).open(project.path)


def test_the_stated_stem_is_heard(stems):
    ran = run_step(stems, RecognitionStep(stems, Scripted()))
    assert [cue.text for cue in cues_of(stems, "both", "recognized")] == ["2 s at 16000 Hz"]
    assert (ran.computed, [it.id for it in ran.failed]) == (2, ["mute"])
    voice = state(stems, 'stem = "mix"', 'stem = "voice"')
    assert run_step(voice, RecognitionStep(voice, Scripted())).computed == 1
    assert [cue.text for cue in cues_of(voice, "both", "recognized")] == ["3 s at 16000 Hz"]
    assert cues_of(voice, "video", "recognized") == []  # it has no voice: what was heard before is gone


def test_sound_that_is_not_stated_is_never_used(stems):
    silent = state(stems, 'stem = "mix"', "")
    with pytest.raises(UsageError, match=r"does not state which sound is used: \[sound\] stem = "):
        RecognitionStep(silent, Scripted())


def test_recognised_words_are_a_track_of_their_own(stems):
    run_step(stems, SubtitleStep())
    run_step(stems, RecognitionStep(stems, Scripted()))
    with stems.database() as connection:
        rows = connection.execute("SELECT track, text, confidence FROM cue WHERE item_id = 'both'")
        assert sorted(tuple(row) for row in rows) == [
            ("collected", "written", None),
            ("recognized", "2 s at 16000 Hz", 0.75),
        ]
        assert stored_cues(connection, "both", ["collected", "recognized"])[0].text == "written"
        assert stored_cues(connection, "video", ["collected", "recognized"])[0].text == "2 s at 16000 Hz"


def test_without_a_recogniser_no_item_is_tried(stems, monkeypatch):
    monkeypatch.setattr("affekt.project.words.recognition.installed_recognizer", lambda: None)
    monkeypatch.setattr("affekt.project.words.recognition.what_is_missing", lambda: "pip install something")
    result = CliRunner().invoke(app, ["project", "subtitles", str(stems.path), "--recognize"])
    assert result.exit_code != 0
    with stems.database() as connection:
        assert connection.execute("SELECT count(*) FROM done").fetchone()[0] == 0


@pytest.mark.skipif(
    bool(what_is_missing()) or shutil.which("espeak-ng") is None,
    reason=f"needs {what_is_missing() or 'nothing of affekt'}, and espeak-ng of the system",
)
def test_speech_is_recognised_with_confidence(collected, tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    words = "I did not expect to see you here today."
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", clips / "said.wav", words], check=True)
    soundfile.write(clips / "quiet.wav", np.zeros(16000), 16000)
    project = collected(tmp_path, {"said": {}, "quiet": {}})
    result = CliRunner().invoke(app, ["project", "subtitles", str(project.path), "--recognize", "--json"])
    assert result.exit_code == 0
    (track,) = json.loads(result.stdout)["tracks"]
    assert (track["track"], track["items"], track["cues"]) == ("recognized", 1, 1)
    assert 0.7 < track["confidence"] <= 1
    assert [cue.text for cue in cues_of(project, "said", "recognized")] == [words]
