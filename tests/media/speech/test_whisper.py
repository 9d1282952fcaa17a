"""Speech recognition: synthetic speech through the real decoder, and how long sounds are cut."""

import json
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from affekt.assets.errors import MissingAsset
from affekt.media.sound import NoSound, Waveform, read_sound
from affekt.media.speech import Recognizer, Whisper, installed_recognizer, what_is_missing, whisper

RATE_HZ = whisper.RATE_HZ
SENTENCES = (
    "I did not expect to see you here today.",
    "She was very happy when the letter arrived.",
)
real = pytest.mark.skipif(
    bool(what_is_missing()) or shutil.which("espeak-ng") is None,
    reason=f"needs {what_is_missing() or 'nothing of affekt'}, and espeak-ng of the system",
)


def speak(folder, words, *, language="en-us"):
    path = folder / f"{language}.wav"
    subprocess.run(["espeak-ng", "-v", language, "-s", "150", "-w", path, words], check=True)
    return path


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Two sentences with two seconds of silence between them."""
    folder = tmp_path_factory.mktemp("talk")
    spoken = [read_sound(speak(folder, words), rate_hz=RATE_HZ).samples for words in SENTENCES]
    return Waveform(
        np.concatenate([spoken[0], np.zeros((1, 2 * RATE_HZ), np.float32), spoken[1]], 1), RATE_HZ
    )


@real
def test_speech_becomes_lines_with_times(talk):
    first, second = Whisper(threads=1).lines(talk)
    assert (first.text, second.text) == SENTENCES
    assert 0 <= first.span_s[0] < first.span_s[1] <= 3.5 < 4 < second.span_s[0]
    assert second.span_s[1] <= talk.duration_s + 0.01
    assert first.notes == second.notes == ()
    assert 0.7 < first.confidence <= 1 and 0.7 < second.confidence <= 1


@real
def test_the_same_sound_gives_the_same_words_without_pytorch(tmp_path):
    path = speak(tmp_path, SENTENCES[0])
    code = (
        "import json, sys; from affekt.media.speech import Whisper; "
        "print(json.dumps([line.text for line in Whisper(1).lines(sys.argv[1])])); "
        "sys.exit(1 if 'torch' in sys.modules else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [SENTENCES[0]]


@real
def test_a_forked_process_hears_what_its_parent_hears(tmp_path):
    code = (
        "import os, sys; from affekt.media.speech import Whisper; hears = Whisper(1); "
        "said = [line.text for line in hears.lines(sys.argv[1])]; child = os.fork(); "
        "child or os._exit([line.text for line in hears.lines(sys.argv[1])] != said); "
        "sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, speak(tmp_path, SENTENCES[0])], check=True, timeout=120
    )


@real
def test_what_is_no_english_is_noted_or_not_understood(tmp_path):
    words = "Ich habe heute Morgen den Zug verpasst und bin deshalb zu spät gekommen."
    found = Whisper(threads=1).lines(speak(tmp_path, words, language="de"))
    assert all("or not English" in " ".join(line.notes) for line in found)


@real
@pytest.mark.parametrize("seconds", [1e-4, 0.1, 8.0])
def test_silence_holds_no_words(seconds):
    assert Whisper(threads=1).lines(Waveform(np.zeros((1, int(seconds * RATE_HZ) + 1)), RATE_HZ)) == []


class Decoder:
    """Answers with the segments of a plan, and keeps the sounds it was given."""

    def __init__(self, *plan):
        self.plan, self.given = list(plan), []

    def transcribe(self, samples, **options):
        self.given.append(samples)
        return self.plan[len(self.given) - 1], None


def segment(start, end, text, *, log=-0.3, ratio=1.0, words=None):
    """A segment of the decoder; its words are (word, start, end), all of them as one if not given."""
    spoken = [
        SimpleNamespace(word=word, start=a, end=b, probability=0.5)
        for word, a, b in words or [(text, start, end)]
    ]
    return SimpleNamespace(
        start=start, end=end, text=text, avg_logprob=log, compression_ratio=ratio, words=spoken
    )


@pytest.fixture
def hears(monkeypatch):
    """A function that recognises a ramp of some seconds with a decoder, in blocks of two seconds."""

    def run(decoder, seconds):
        monkeypatch.setattr(whisper, "_load", lambda folder, threads, process: decoder)
        monkeypatch.setattr(whisper, "asset_copy", lambda name: SimpleNamespace(folder=None))
        monkeypatch.setattr(whisper, "BLOCK_S", 2.0)
        ramp = np.linspace(0, 1, int(seconds * RATE_HZ), dtype=np.float32)
        return ramp, Whisper().lines(Waveform(ramp[None], RATE_HZ))

    return run


def test_a_long_sound_is_heard_in_blocks_that_begin_with_the_last_line_of_the_block_before(hears):
    decoder = Decoder(
        [segment(0.1, 0.9, " One."), segment(1.5, 2.0, " Tw")],
        [segment(0.0, 1.0, " Two."), segment(1.5, 2.4, " Three.")],
        [segment(0.0, 1.0, " Three.", log=-0.9)],
    )
    ramp, lines = hears(decoder, 5.0)
    assert [line.text for line in lines] == ["One.", "Two.", "Three."]
    assert [line.number for line in lines] == [1, 2, 3]
    assert lines[1].span_s == pytest.approx((1.5, 2.5)) and lines[2].span_s == pytest.approx((3.0, 4.0))
    assert [len(line.notes) for line in lines] == [0, 0, 1]
    starts = [0.0, 1.5, 3.0]
    for given, start_s, stop_s in zip(decoder.given, starts, (2.0, 4.0, 5.0), strict=True):
        np.testing.assert_allclose(given, ramp[int(start_s * RATE_HZ) : int(stop_s * RATE_HZ)], atol=1e-6)


def test_loops_of_the_decoder_and_empty_segments_are_no_lines(hears):
    loop, empty = segment(0.0, 0.5, "no " * 40, ratio=9.0), segment(0.5, 0.8, "  ")
    _, lines = hears(Decoder([loop, empty, segment(0.8, 1, "a")]), 1.0)
    assert [line.text for line in lines] == ["a"]


def test_a_segment_is_divided_where_nobody_speaks(hears):
    words = [(" Who", 0.1, 0.3), (" said?", 0.4, 0.6), (" I", 1.7, 1.8), (" did.", 1.8, 1.9)]
    _, (first, second) = hears(Decoder([segment(0.0, 2.0, " Who said? I did.", words=words)]), 1.9)
    assert (first.text, first.span_s) == ("Who said?", (0.1, 0.6))
    assert (second.text, second.span_s, second.number) == ("I did.", (1.7, 1.9), 2)


def test_a_word_without_duration_still_has_a_part_of_the_sound(hears):
    (_, (only,)) = hears(Decoder([segment(0.5, 0.5, " Oh.")]), 1.0)
    assert only.span_s == pytest.approx((0.5, 0.6))


def test_a_sound_that_is_not_there_is_an_error(hears, tmp_path):
    from affekt.media.video import VideoFrames
    from affekt.media.video.write import write_clip

    frames = VideoFrames(np.full((5, 32, 32, 3), 90, np.uint8), np.arange(5) / 5, 1.0)
    hears(Decoder([]), 1.0)  # the decoder is never asked
    with pytest.raises(NoSound):
        Whisper().lines(write_clip(tmp_path / "silent.mp4", frames, None))


def test_an_installation_without_the_network_is_told_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setenv("AFFEKT_ASSETS", str(tmp_path))
    monkeypatch.setattr("affekt.assets.places.installed_version", lambda asset: None)
    assert what_is_missing().endswith("affekt assets get whisper_tiny_en")
    assert installed_recognizer() is None and isinstance(Whisper(), Recognizer)
    with pytest.raises(MissingAsset, match="affekt assets get whisper_tiny_en"):
        Whisper().lines(Waveform(np.zeros((1, 9)), RATE_HZ))
