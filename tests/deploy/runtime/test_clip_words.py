"""Where the words of a clip come from: stated, a transcript, subtitles, or a recogniser."""

import re
import shutil

import numpy as np
import pytest

from affekt.core.errors import MediaError, MissingExtra, UsageError
from affekt.core.sample import Sample
from affekt.deploy.runtime import clip_words
from affekt.deploy.runtime.clip_words import word_sources
from affekt.deploy.runtime.samples import as_samples
from affekt.media.sound import Waveform
from affekt.media.text import Line, Text
from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip

TAV = "text+audio+video"
CUES = "1\n00:00:00,000 --> 00:00:00,500\nHello.\n\n2\n00:00:00,500 --> 00:00:01,000\nIt rains.\n"
TONE = Waveform(np.sin(np.arange(16000) * 0.3)[None].astype(np.float32), 16000)


class Recognizer:
    """Hears the same lines in every sound, and counts the sounds."""

    name = "a test, Latin only"

    def __init__(self, *lines, error=None):
        self.sounds, self.error = [], error
        self._lines = [
            Line(words, number, span_s=span, notes=notes)
            for number, (words, span, notes) in enumerate(lines, start=1)
        ]

    def lines(self, sound):
        self.sounds.append(sound)
        if self.error:
            raise self.error
        return self._lines


SHORT = [("salve", (0.0, 0.4), ()), ("quid agis", (0.5, 0.9), ("doubtful",))]
LONG = [("salve", (0.0, 2.0), ()), ("quid agis", (20.0, 22.0), ("doubtful",))]


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A clip with sound and one without."""
    folder = tmp_path_factory.mktemp("films")
    frames = VideoFrames(np.full((5, 32, 32, 3), 90, np.uint8), np.arange(5) / 5, 1.0)
    write_clip(folder / "clip.mp4", frames, TONE)
    write_clip(folder / "silent.mp4", frames, None)
    return folder


@pytest.fixture
def clip(films, tmp_path):
    return shutil.copy(films / "clip.mp4", tmp_path / "clip.mp4")


def samples(given, modality=TAV, **sources):
    sources.setdefault("recognize", False)
    words = word_sources(modality, [given], **sources)
    return list(as_samples([given], modality, words=words))


def notes(sample):
    return " ".join(sample.facts.get("notes", ()))


def test_words_that_are_stated_come_first_then_a_transcript_then_subtitles(clip, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("Good night.\n")
    hears = Recognizer(*SHORT)
    clip.with_suffix(".srt").write_text(CUES)
    (stated,) = samples(clip, text=" Well? ", recognize=hears)
    (given,) = samples(clip, transcript=str(other), recognize=hears)
    first, second = samples(clip, recognize=hears)
    assert [one.media["text"] for one in (stated, given, first, second)] == [
        "Well?", "Good night.", "Hello.", "It rains.",
    ]  # fmt: skip
    assert second.span_s == (0.5, 1.0) and {"text", "audio", "video"} == set(second.media)
    assert hears.sounds == [] and not any(map(notes, (stated, given, first)))


def test_the_words_of_a_short_clip_without_any_are_heard_as_a_whole(clip):
    hears = Recognizer(*SHORT)
    (found,) = samples(clip, recognize=hears)
    assert found.media["text"] == "salve quid agis" and found.span_s is None
    assert found.facts["notes"] == ("words by speech recognition (a test, Latin only)", "doubtful")
    assert hears.sounds == [clip]


def test_a_longer_clip_is_cut_into_the_lines_that_are_heard():
    long = Waveform(np.zeros((1, 25 * 8000), np.float32), 8000)
    first, second = samples(long, recognize=Recognizer(*LONG))
    assert (first.media["text"], second.span_s, second.turn) == ("salve", (20.0, 22.0), 2)
    assert first.media["audio"] is second.media["audio"] is long
    assert "doubtful" in notes(second) and "doubtful" not in notes(first)
    (only,) = samples(long, recognize=Recognizer(LONG[1]))
    assert only.span_s == (20.0, 22.0)
    (whole,) = samples(long, recognize=Recognizer(*LONG), one_answer=True)
    assert whole.media["text"] == "salve quid agis" and whole.span_s is None


def test_sound_is_heard_for_a_network_that_reads_words_and_picture_alone(clip):
    (found,) = samples(clip, modality="text+video", recognize=Recognizer(*SHORT))
    assert set(found.media) == {"text", "video"}


@pytest.mark.parametrize(
    ("file", "hears", "note"),
    [
        ("clip.mp4", Recognizer(), r"no words were recognised in its sound \(a test"),
        ("clip.mp4", Recognizer(error=MediaError("it is torn")), r"sound cannot be used \(it is torn\)"),
        ("silent.mp4", Recognizer(*SHORT), "it has no sound: give --text"),
        ("clip.mp4", False, "its words are not known: give --text or --transcript .* beside it$"),
    ],
)
def test_a_clip_whose_words_are_not_known_says_why(films, file, hears, note):
    (found,) = samples(films / file, recognize=hears)
    assert "text" not in found.media
    assert re.search(note, notes(found))


def test_without_a_recogniser_the_note_says_how_to_get_one(clip, monkeypatch):
    monkeypatch.setattr(clip_words, "what_is_missing", lambda: 'pip install "affekt[asr]"')
    monkeypatch.setattr(clip_words, "installed_recognizer", lambda: None)
    (found,) = samples(clip, recognize=None)
    assert notes(found).endswith('speech recognition in English: pip install "affekt[asr]"')
    with pytest.raises(MissingExtra, match=r'not installed: pip install "affekt\[asr\]"'):
        samples(clip, recognize=True)


def test_decoded_sound_has_stated_words_or_heard_ones():
    (stated,) = samples(TONE, text="Well?")
    (heard,) = samples(TONE, recognize=Recognizer(*SHORT))
    assert stated.media == {"text": "Well?", "audio": TONE}
    assert heard.media["text"] == "salve quid agis"


@pytest.mark.parametrize(
    ("modality", "sources", "message"),
    [
        (TAV, {"text": "a", "transcript": "b.srt"}, "stated once"),
        (TAV, {"text": "  "}, "are empty"),
        (TAV, {"transcript": "none.srt"}, "transcript none.srt does not exist"),
        ("audio+video", {"text": "a"}, "words or files, not both"),
        ("video+audio", {"text": "a"}, "words or files, not both"),
        ("audio+video", {"recognize": True}, r"a network of audio\+video does not read the words of clips"),
    ],
)
def test_words_that_belong_to_no_clip_are_refused(clip, modality, sources, message):
    with pytest.raises(UsageError, match=message):
        samples(clip, modality=modality, **sources)


def test_words_that_are_stated_belong_to_one_clip(films, clip):
    words = {"text": "Well?", "recognize": False}
    with pytest.raises(UsageError, match="the words of one clip; 2 are given"):
        word_sources(TAV, [clip, films / "silent.mp4"], **words)
    with pytest.raises(UsageError, match="the words of one clip; 2 are given"):
        word_sources(TAV, [films], **words)
    with pytest.raises(UsageError, match="give that clip, and no iterator"):
        word_sources(TAV, iter([clip]), **words)
    with pytest.raises(UsageError, match="a Sample holds its words itself"):
        word_sources(TAV, [Sample("a", {"audio": clip})], **words)
    with pytest.raises(UsageError, match="words or files, not both"):
        word_sources(TAV, [Text("Hello.")], **words)
    assert word_sources(TAV, [clip.parent], **words).text == "Well?"  # a folder of one clip
