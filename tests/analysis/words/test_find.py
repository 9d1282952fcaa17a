"""The stage of words on files of subtitles, tracks inside of media, and recognised speech."""

import numpy as np
import pytest

import affekt
from affekt.analysis.found import OpenMedium
from affekt.analysis.words import WordSettings, find_words
from affekt.core.errors import MissingExtra, UsageError
from affekt.core.timeline.parts import Medium
from affekt.media.sound import Waveform
from affekt.media.text import Line

SUBTITLES = """1
00:00:01,000 --> 00:00:02,500
ANNA: Who is there?

2
00:00:03,000 --> 00:00:04,000
BEN: Me.

3
00:00:05,000 --> 00:00:06,000
(door slams)

4
00:00:06,500 --> 00:00:07,000
ANNA: Well.
"""


def medium(folder, *, duration_s=10.0, sound=None):
    path = folder / "talk.mp4"
    return OpenMedium(
        Medium(path=str(path), duration_s=duration_s, has_sound=sound is not None), path, None, sound
    )


@pytest.fixture
def film(tmp_path):
    """A film, of which nothing is read, with subtitles beside it."""
    (tmp_path / "talk.srt").write_text(SUBTITLES)
    return medium(tmp_path)


class Hears:
    """A recogniser that hears the same lines in any sound."""

    name = "a stand-in"

    def __init__(self, *lines):
        self._lines = list(lines)

    def lines(self, sound):
        return self._lines


def test_lines_are_answered_with_the_line_before_them(film, by_questions):
    done = []
    found = find_words(film, by_questions, on_progress=done.append)
    assert found.names == {"W1": "ANNA", "W2": "BEN"}
    spans = {track.person: track.spans for track in found.tracks}
    assert [(span.text, span.label) for span in spans["W1"]] == [("Who is there?", "high"), ("Well.", "low")]
    assert [(span.text, span.label) for span in spans["W2"]] == [("Me.", "high")]
    assert (spans["W2"][0].start_s, spans["W2"][0].end_s) == (3.0, 4.0)
    assert [(line.person, line.start_s) for line in found.words] == [("W1", 1.0), ("W2", 3.0), ("W1", 6.5)]
    assert found.missing == () and "words of talk.srt" in found.notes
    assert done == sorted(done) and done[-1] == 10.0


def test_lines_without_a_network_are_kept(film):
    found = find_words(film, None)
    assert len(found.words) == 3 and found.tracks == ()


def test_lines_that_nobody_is_named_for_have_one_track(tmp_path, by_questions):
    file = tmp_path / "other.vtt"
    file.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n\n00:03.000 --> 00:04.000\nwhy?\n")
    found = find_words(medium(tmp_path), by_questions, subtitles=file)
    assert [(track.id, track.person, len(track.spans)) for track in found.tracks] == [("words", "", 2)]


def test_a_transcript_without_times_is_refused_with_the_reason(tmp_path, by_questions):
    file = tmp_path / "talk.txt"
    file.write_text("Anna: Hello.\nBen: Hello.\n")
    found = find_words(medium(tmp_path), by_questions, subtitles=file)
    assert found.tracks == () and found.words == ()
    assert "A timeline needs times: give subtitles" in found.missing[0].reason
    assert "2 of 2 lines are left out: no times are stated" in found.notes


def test_lines_after_the_end_of_the_medium_are_left_out_with_a_note(film, by_questions):
    found = find_words(film._replace(medium=film.medium.model_copy(update={"duration_s": 5.0})), by_questions)
    assert len(found.words) == 2
    assert "1 of 3 lines is left out, since the medium ends at 5.0 s" in " ".join(found.notes)


def test_a_damaged_line_is_missing_and_the_others_are_answered(tmp_path, by_questions):
    file = tmp_path / "talk.srt"
    file.write_text(SUBTITLES.replace("00:00:04,000", "00:99:04,000"))
    found = find_words(medium(tmp_path), by_questions, subtitles=file)
    assert len(found.words) == 2
    assert "its times cannot be read" in found.missing[0].reason


def test_a_file_that_cannot_be_used_is_a_reason(tmp_path, by_questions):
    file = tmp_path / "talk.srt"
    file.write_text("no times\n")
    found = find_words(medium(tmp_path), by_questions, subtitles=file)
    assert "holds no subtitles" in found.missing[0].reason


def test_words_are_recognised_where_no_other_source_has_them(tmp_path, by_questions):
    sound = Waveform(np.zeros((1, 16_000)), 16_000)
    heard = Hears(Line("Why?", 1, span_s=(0.5, 1.0), confidence=0.9, notes=("doubtful",)))
    found = find_words(medium(tmp_path, sound=sound), by_questions, recognizer=heard)
    assert "words by speech recognition (a stand-in)" in found.notes
    assert (found.words[0].confidence, found.words[0].person) == (0.9, "")
    assert found.tracks[0].spans[0].notes == ("doubtful",)
    (tmp_path / "talk.srt").write_text(SUBTITLES)
    assert len(find_words(medium(tmp_path, sound=sound), by_questions, recognizer=heard).words) == 3


@pytest.fixture
def tracks(monkeypatch):
    """A function that puts subtitle tracks into any medium: codec, language, problem, and lines."""
    from affekt.analysis.words import sources
    from affekt.media.subtitle_tracks import SubtitleTrack

    def put(*given):
        found = [
            SubtitleTrack(number, codec, language, "", number == 1, problem)
            for number, (codec, language, problem, _) in enumerate(given)
        ]
        monkeypatch.setattr(sources, "subtitle_tracks", lambda path: found)
        monkeypatch.setattr(sources, "read_subtitle_track", lambda path, number: iter(given[number][3]))

    return put


def test_the_default_subtitle_track_is_read_and_the_others_are_named(tmp_path, by_questions, tracks):
    tracks(
        ("srt", "eng", "", [Line("One.", 1, span_s=(0.0, 1.0))]),
        ("ssa", "ger", "", [Line("Zwei?", 1, span_s=(2.0, 3.0), speaker="Anna")]),
    )
    found = find_words(medium(tmp_path), by_questions)
    assert [line.text for line in found.words] == ["Zwei?"] and found.names == {"W1": "Anna"}
    assert found.notes == (
        "words of subtitle track 2 (ssa, ger)",
        "not used: subtitle track 1 (srt, eng)",
    )


def test_subtitles_that_are_pictures_are_refused_by_name(tmp_path, by_questions, tracks):
    tracks(("pgssub", "eng", "its subtitles are pictures of a Blu-ray (PGS), not text", []))
    reason = find_words(medium(tmp_path), by_questions, WordSettings(recognize="no")).missing[0].reason
    assert "subtitle track 1 (pgssub, eng): its subtitles are pictures of a Blu-ray (PGS)" in reason


def test_every_source_that_was_asked_gives_its_reason(tmp_path, by_questions):
    settings = WordSettings(recognize="no")
    reason = find_words(medium(tmp_path), by_questions, settings).missing[0].reason
    assert reason == (
        "no subtitles lie beside it; it has no subtitle track; speech recognition was not asked for"
    )


def test_recognition_that_was_asked_for_and_is_not_installed_is_refused(tmp_path, by_questions, monkeypatch):
    monkeypatch.setattr("affekt.analysis.words.sources.what_is_missing", lambda: "pip install it")
    sound = Waveform(np.zeros((1, 16_000)), 16_000)
    with pytest.raises(MissingExtra, match="pip install it"):
        find_words(medium(tmp_path, sound=sound), by_questions, WordSettings(recognize="yes"))


def test_a_script_that_the_network_has_no_basis_for_is_noted_once(tmp_path, answer_by):
    from affekt.media.text.script import note_unseen_script

    def knows_latin(sample):
        note_unseen_script(sample.media["text"], ["Latin"])
        return 1.0

    file = tmp_path / "talk.srt"
    file.write_text(SUBTITLES.replace("Who is there?", "Кто там?").replace("Well.", "Хорошо."))
    found = find_words(medium(tmp_path), answer_by("text", knows_latin), subtitles=file)
    assert any(note.startswith("2 of 3 lines: most of it is in Cyrillic script") for note in found.notes)


def test_lines_in_a_language_that_the_network_does_not_read_are_shown_and_not_answered(film):
    german = "Ich habe das nicht gewusst, es tut mir wirklich leid, dass du so lange warten musst."
    lines = SUBTITLES.replace("Who is there?", german).replace("Well.", german)
    film.path.with_suffix(".srt").write_text(lines)
    found = find_words(film, affekt.load("compact_text"))
    assert [line.text for line in found.words][0] == german
    assert found.tracks == ()
    assert "do not look like English" in found.missing[0].reason


def test_a_network_of_sound_is_refused(film, by_loudness):
    with pytest.raises(UsageError, match="words are answered by a network of text; a_rule takes audio"):
        find_words(film, by_loudness)
