"""`affekt analyze` around the analysis: what is refused before it, printed and written after it."""

import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from affekt.analysis import analyze as module
from affekt.cli.main import app
from affekt.core.errors import AffektError, MediaError, UsageError
from affekt.core.timeline import Timeline
from affekt.core.timeline.parts import Medium, Network, Person, Span, SpokenLine, Track
from affekt.report.story import video as video_module

NETWORK = Network(name="a", method="a_rule", modality="words", labels=("joy", "fear"))


def span(start_s, end_s, label, score) -> Span:
    return Span(start_s=start_s, end_s=end_s, label=label, scores={label: score}, confidence=score)


def words_of(path) -> Timeline:
    """Two lines of nobody who is known."""
    spans = (span(0, 2, "joy", 0.8), span(2, 4, "fear", 0.6))
    return Timeline(
        medium=Medium(path=str(path), duration_s=4.0),
        tracks=(Track(id="words-1", modality="words", network="a", spans=spans),),
        words=(SpokenLine(start_s=0, end_s=2, text="Yes."), SpokenLine(start_s=2, end_s=4, text="No.")),
        networks=(NETWORK,),
    )


def photo_of(path) -> Timeline:
    face = Track(id="face-1", modality="face", person="P1", spans=(span(0, 0, "joy", 0.8),))
    return Timeline(
        medium=Medium(path=str(path), duration_s=0.0, width=8, height=8),
        persons=(Person(id="P1"),),
        tracks=(face,),
    )


def moving_of(path) -> Timeline:
    return photo_of(path).model_copy(
        update={"medium": Medium(path=str(path), duration_s=0.8, width=8, height=8, frame_rate_hz=5.0)}
    )


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A function that runs the command in a folder; the analysis gives the timeline that it is given."""
    monkeypatch.chdir(tmp_path)

    def invoke(*words, gives=None):
        def stand_in(source, **options):
            assert gives is not None, "it was analyzed"
            return gives(source)

        monkeypatch.setattr(module, "analyze", stand_in)
        return CliRunner().invoke(app, ["analyze", *words])

    return invoke


@pytest.fixture
def gif(tmp_path):
    pictures = [Image.new("RGB", (32, 32), (40 * n, 0, 0)) for n in range(4)]
    pictures[0].save(tmp_path / "a.gif", save_all=True, append_images=pictures[1:], duration=200)
    return tmp_path / "a.gif"


def test_lines_of_nobody_are_summed_up(run):
    said = run("w.srt", gives=words_of)
    assert said.exit_code == 0, said.output
    assert "Nobody was found" not in said.stdout
    assert "No person was told apart in 0:04 of words; answered: 2 lines of words." in said.stdout
    (row,) = [line for line in said.stdout.splitlines() if line.startswith(" 2 lines") or "joy" in line]
    assert "2 lines of words" in row and "joy 50 %, fear 50 %" in row


def test_a_page_sums_up_the_lines_of_nobody(run, tmp_path):
    assert run("w.srt", "--output", "page.html", gives=words_of).exit_code == 0
    page = (tmp_path / "page.html").read_text()
    assert "answered: 2 lines of words." in page and '<li class="person">' in page


def test_json_is_one_line_for_each_timeline(run):
    said = run("a.srt", "b.srt", "--json", gives=words_of)
    lines = said.stdout.splitlines()
    assert [json.loads(line)["medium"]["path"] for line in lines] == ["a.srt", "b.srt"]
    assert Timeline.model_validate_json(lines[0]) == words_of("a.srt")


def test_a_photo_has_neither_times_nor_shares(run):
    said = run("p.png", gives=photo_of)
    heads = said.stdout.splitlines()[1]
    assert "confidence" in heads and "share" not in heads and "heard" not in heads
    assert "80 %" in said.stdout and "100 %" not in said.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("w.srt", "--output", "w.srt"),
        ("c.mp4", "--output", "c.srt"),
        ("c.mp4", "--video", "c.mp4"),
        ("c.mp4", "--subtitles", "w.srt", "--output", "w.srt"),
    ],
)
def test_inputs_are_not_replaced(run, tmp_path, words):
    for name in ("w.srt", "c.mp4", "c.srt"):
        (tmp_path / name).write_text("it was here before")
    failed = run(*words)
    assert isinstance(failed.exception, UsageError) and "is an input" in str(failed.exception)
    assert {path.read_text() for path in tmp_path.iterdir()} == {"it was here before"}


def test_a_video_of_words_or_sound_is_refused_before_the_analysis(run, tmp_path):
    import soundfile

    (tmp_path / "w.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nYes.\n")
    soundfile.write(tmp_path / "s.wav", np.zeros(800), 8000)
    for name in ("w.srt", "s.wav"):
        failed = run(name, "--video", "v.mp4")
        assert isinstance(failed.exception, UsageError) and "has no picture" in str(failed.exception)


def test_the_video_of_an_animated_picture_is_a_video(run, gif, tmp_path):
    failed = run("a.gif", "--video", "v.png")
    assert isinstance(failed.exception, UsageError) and "written as .mp4" in str(failed.exception)
    assert run("a.gif", "--video", "v.mp4", gives=moving_of).exit_code == 0
    assert (tmp_path / "v.mp4").stat().st_size


def test_a_video_that_cannot_be_written_leaves_the_other_files(run, gif, tmp_path, monkeypatch):
    def fail(*args, **more):
        raise MediaError("the disk is full")

    monkeypatch.setattr(video_module, "write_annotated", fail)
    failed = run("a.gif", "--video", "v.mp4", "--output", "page.html", gives=moving_of)
    assert isinstance(failed.exception, AffektError) and "the disk is full" in str(failed.exception)
    assert (tmp_path / "page.html").is_file() and "written: page.html" in failed.stdout
    assert "v.mp4" not in failed.stdout


def test_a_page_of_an_animated_picture_says_that_it_cannot_be_moved_to_a_time(run, gif, tmp_path):
    assert run("a.gif", "--output", "page.html", gives=moving_of).exit_code == 0
    page = (tmp_path / "page.html").read_text()
    assert "cannot go to a time" in page and "do not play" not in page
