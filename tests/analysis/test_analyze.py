"""The whole analysis of an invented conversation, with the real detector and the starters."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

import affekt
from affekt.analysis import analyze as module
from affekt.analysis import stages
from affekt.analysis.found import Found
from affekt.assets.places import copies
from affekt.assets.registry import find_asset
from affekt.cli.main import app
from affekt.core.errors import AffektError, UsageError
from affekt.core.timeline import Timeline
from affekt.core.timeline.read import read_timeline
from affekt.testing.conversation import NAMES, write_conversation

CORE = Path(__file__).parents[2] / ".venv-core" / "bin"

pytestmark = [
    pytest.mark.xdist_group("analysis"),
    pytest.mark.skipif(not copies(find_asset("centerface")), reason="needs the asset centerface"),
]


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("talk")
    return write_conversation(folder, duration_s=6.0, width=320, height=180, rate_hz=10.0, seed=3)


@pytest.fixture(scope="module")
def timeline(talk) -> Timeline:
    return affekt.analyze(talk.film, recognize=False, threads=1)


def test_both_people_are_seen_all_the_time(timeline, talk):
    faces = [track for track in timeline.tracks if track.modality == "face"]
    assert len(faces) == len(NAMES)
    for track in faces:
        assert sum(it.end_s - it.start_s for it in track.spans) > 0.9 * talk.scene.duration_s
        assert all(0 <= it.left < it.right <= 1 for it in track.boxes)


def test_the_words_are_those_of_the_subtitles_and_of_their_speakers(timeline, talk):
    named = {person.id: person.name for person in timeline.persons}
    said = [(named.get(line.person), line.text) for line in timeline.words]
    assert said == [(NAMES[turn.speaker], words) for turn, words in zip(talk.turns, talk.words, strict=True)]


def test_each_person_with_an_answer_has_a_fused_curve(timeline):
    fused = {track.person for track in timeline.tracks if track.modality == "fused"}
    answered = {
        track.person
        for track in timeline.tracks
        if track.person and track.modality != "fused" and track.spans
    }
    assert fused == answered
    for track in timeline.tracks:
        for span in track.spans:
            assert not span.scores or sum(span.scores.values()) == pytest.approx(1, abs=1e-3)


def test_networks_state_what_they_are_and_that_they_are_starters(timeline):
    assert {network.method for network in timeline.networks} >= {"compact_face", "compact_text"}
    assert all("starter" in " ".join(network.notes) for network in timeline.networks)


def test_an_analysis_gives_the_same_timeline_again(timeline, talk):
    assert affekt.analyze(talk.film, recognize=False, threads=1) == timeline


def test_an_analysis_that_was_stopped_goes_on_and_ends_the_same(timeline, talk, monkeypatch):
    def stop(*args, **more):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(stages, "find_faces", stop)
        with pytest.raises(KeyboardInterrupt):
            affekt.analyze(talk.film, recognize=False, threads=1)
    with monkeypatch.context() as patched:
        patched.setattr(stages, "find_words", stop)  # it is stored
        assert affekt.analyze(talk.film, recognize=False, threads=1, resume=True) == timeline


def test_a_stage_that_fails_leaves_the_others(talk, monkeypatch):
    def fail(*args, **more) -> Found:
        raise AffektError("the detector is damaged")

    monkeypatch.setattr(stages, "find_faces", fail)
    found = affekt.analyze(talk.film, recognize=False, threads=1)
    assert found.words
    assert ("face", "the detector is damaged") in [(it.modality, it.reason) for it in found.missing]


def test_a_stage_that_failed_and_changed_subtitles_are_read_again_on_resume(talk, tmp_path, monkeypatch):
    def fail(*args, **more) -> Found:
        raise AffektError("the disk is full")

    def stop(*args, **more):
        raise KeyboardInterrupt

    words = tmp_path / "talk.srt"
    words.write_bytes(talk.subtitles.read_bytes())
    film = tmp_path / "talk.mp4"
    film.write_bytes(talk.film.read_bytes())
    for file, text in ((words, talk.words[0]), (words, "Another line.")):
        file.write_text(file.read_text().replace(talk.words[0], text))
        with monkeypatch.context() as patched:
            patched.setattr(stages, "find_voices", fail)
            patched.setattr(stages, "find_faces", stop)
            with pytest.raises(KeyboardInterrupt):
                affekt.analyze(film, recognize=False, resume=True)
        with monkeypatch.context() as patched:
            patched.setattr(stages, "find_faces", lambda *args, **more: Found())
            found = affekt.analyze(film, recognize=False, resume=True)
        assert found.words[0].text == text
        assert "voice" in {track.modality for track in found.tracks}


def test_one_modality_can_be_asked_for_and_others_are_refused(talk):
    found = affekt.analyze(talk.subtitles, modalities=("words",))
    assert {track.modality for track in found.tracks} == {"words", "fused"}
    assert found.medium.duration_s == pytest.approx(talk.turns[-1].end_s, abs=0.01)
    with pytest.raises(UsageError, match="face"):
        affekt.analyze(talk.subtitles, modalities=("faces",))


def test_the_command_writes_each_format_and_a_summary(talk, tmp_path):
    files = [tmp_path / f"story{suffix}" for suffix in (".json", ".csv", ".html", ".srt", ".vtt", ".eaf")]
    words = [part for file in files for part in ("--output", str(file))]
    result = CliRunner().invoke(
        app, ["analyze", str(talk.film), "--no-recognize", "--threads", "1", *words], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert "Anna" in result.stdout
    assert all(file.stat().st_size for file in files)
    assert read_timeline(files[0]).words[0].text == talk.words[0]


def test_several_media_get_a_page_and_a_timeline_each(talk, tmp_path):
    result = CliRunner().invoke(
        app,
        [
            "analyze",
            str(talk.subtitles),
            str(talk.film),
            "--only",
            "words",
            "--no-recognize",
            "--output",
            str(tmp_path / "all"),
        ],
        catch_exceptions=False,
    )
    assert result.exit_code == 0
    assert sorted(file.name for file in (tmp_path / "all").iterdir()) == [
        "talk.mp4.html",
        "talk.mp4.json",
        "talk.srt.html",
        "talk.srt.json",
    ]


def test_subtitles_that_do_not_exist_are_refused_before_the_work(talk, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "open_medium", lambda *a, **k: pytest.fail("it was opened"))
    with pytest.raises(UsageError, match="does not exist"):
        affekt.analyze(talk.film, subtitles=tmp_path / "none.srt")
    result = CliRunner().invoke(app, ["analyze", str(talk.film), "--subtitles", str(tmp_path / "none.srt")])
    assert result.exit_code == 2


def test_ctrl_c_says_that_resume_goes_on(talk, monkeypatch):
    def stop(*args, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "find_words", stop)
    result = CliRunner().invoke(app, ["analyze", str(talk.film)])
    assert "--resume" in result.stderr


def test_one_model_and_one_modality_need_no_list(talk):
    found = affekt.analyze(talk.subtitles, models="compact_text", modalities="words")
    assert [network.engine for network in found.networks] == ["onnxruntime f32"]


def test_a_place_that_cannot_be_written_is_refused_before_the_work(talk, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "open_medium", lambda *a, **k: pytest.fail("it was opened"))
    result = CliRunner().invoke(app, ["analyze", str(talk.film), "--output", str(tmp_path / "story.docx")])
    assert isinstance(result.exception, UsageError)
    assert ".html" in str(result.exception)


@pytest.mark.skipif(not CORE.is_dir(), reason="no .venv-core: `make test` makes one with the core install")
def test_the_light_install_answers_and_says_which_part_is_missing(talk, tmp_path):
    story = tmp_path / "story.json"
    command = [CORE / "affekt", "analyze", talk.film, "--no-recognize", "--threads", "1", "--output", story]
    environment = {**os.environ, "AFFEKT_ASSETS": str(tmp_path / "none"), "XDG_CACHE_HOME": str(tmp_path)}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    found = read_timeline(story)
    assert {track.modality for track in found.tracks} == {"voice", "words", "fused"}
    reasons = [it.reason for it in found.missing if it.modality == "face"]
    assert len(reasons) == 1
    assert "affekt assets get centerface" in reasons[0]
    assert "affekt assets get centerface" in done.stderr
