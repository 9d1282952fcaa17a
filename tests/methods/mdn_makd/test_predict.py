"""`affekt predict` of clips, films and parts of a scene by a bundle of three modalities."""

import json
import shutil

import pytest
from typer.testing import CliRunner

import affekt
from affekt.cli.main import app
from affekt.media.text import Line

pytestmark = pytest.mark.xdist_group("scenes")


@pytest.fixture
def clip(scenes, tmp_path):
    """A clip with sound, without words beside it."""
    folder = tmp_path / "clips"
    folder.mkdir()
    return shutil.copy(next((scenes / "videos" / "test").glob("*.mp4")), folder / "clip.mp4")


@pytest.fixture
def predict(clip_bundle):
    """A function that runs `affekt predict` and returns its predictions, or its error."""

    def run(*arguments):
        done = CliRunner().invoke(app, ["predict", str(clip_bundle), *map(str, arguments), "--json"])
        return json.loads(done.stdout)["predictions"] if done.exit_code == 0 else str(done.exception)

    return run


class Recognizer:
    """Hears the same words in every sound."""

    name = "a test"

    def lines(self, sound):
        return [Line("good to see you", 1, span_s=(0.0, 0.5))]


def subtitles(times_and_words):
    return "".join(
        f"{number}\n{start} --> {stop}\n{words}\n\n"
        for number, (start, stop, words) in enumerate(times_and_words, start=1)
    )


def test_a_clip_is_answered_by_sound_and_picture_and_says_how_to_give_its_words(predict, clip):
    (found,) = predict(clip, "--no-recognize")
    assert found["modality"] == "audio+video"
    assert any("give --text or --transcript" in note for note in found["notes"])


def test_words_of_the_command_line_belong_to_the_clip(predict, clip):
    (found,) = predict(clip, "--text", "good to see you")
    assert found["modality"] == "text+audio+video" and found["text"] == "good to see you"
    assert found["scores"] != predict(clip)[0]["scores"]


def test_subtitles_beside_a_film_cut_it_into_its_lines(predict, clip):
    lines = [("00:00:00,000", "00:00:00,400", "hello"), ("00:00:00,400", "00:00:00,800", "oh no")]
    clip.with_suffix(".srt").write_text(subtitles(lines))
    first, second = predict(clip.parent)  # the subtitles are no input of their own
    assert [first["text"], second["text"]] == ["hello", "oh no"]
    assert first["span_s"] == [0.0, 0.4] and second["modality"] == "text+audio+video"


def test_a_transcript_without_times_holds_the_words_of_the_whole_clip(predict, clip, tmp_path):
    (tmp_path / "said.txt").write_text("hello there\nhow are you\n")
    (found,) = predict(clip, "--transcript", tmp_path / "said.txt")
    assert found["text"] == "hello there how are you" and found["modality"] == "text+audio+video"


def test_parts_of_a_scene_are_given_apart(predict, scenes, clip):
    sound = next((scenes / "audios" / "test").glob("*.flac"))
    (found,) = predict("--text", "hello", "--audio", sound, "--video", clip)
    assert found["modality"] == "text+audio+video"
    assert [one["modality"] for one in predict("--audio", sound, "--no-recognize")] == ["audio"]
    assert [one["modality"] for one in predict("--text", "hello")] == ["text"]


def test_a_sound_file_is_answered_by_its_sound(predict, scenes):
    (found,) = predict(next((scenes / "audios" / "test").glob("*.flac")), "--text", "hello")
    assert found["modality"] == "text+audio"


def test_python_is_given_the_words_of_a_clip_as_the_command_line_is(predict, clip_bundle, clip, tmp_path):
    (tmp_path / "said.txt").write_text("good to see you\n")
    predictor = affekt.load(clip_bundle, backend="onnxruntime")
    (stated,) = predict(clip, "--text", "good to see you", "--backend", "onnxruntime")
    (streamed,) = predictor.predict(clip, text="good to see you")
    (written,) = predictor.predict([clip], transcript=tmp_path / "said.txt")
    for found in (streamed, written, predictor(clip, text="good to see you")):
        assert found.modality == "text+audio+video" and found.text == "good to see you"
        assert found.scores == pytest.approx(stated["scores"], abs=1e-6)


def test_words_are_heard_in_a_clip_that_has_none(clip_bundle, clip):
    predictor = affekt.load(clip_bundle, backend="onnxruntime")
    (found,) = predictor.predict(clip, recognize=Recognizer())
    assert found.modality == "text+audio+video" and found.text == "good to see you"
    assert "words by speech recognition (a test)" in found.notes
    assert found.scores == pytest.approx(predictor(clip, text="good to see you").scores, abs=1e-6)
    (deaf,) = predictor.predict(clip, recognize=False)
    assert deaf.modality == "audio+video" and deaf.text is None


def test_the_command_line_hears_words_unless_it_is_told_not_to(predict, scenes, clip, monkeypatch):
    monkeypatch.setattr("affekt.media.speech.installed_recognizer", lambda threads: Recognizer())
    sound = next((scenes / "audios" / "test").glob("*.flac"))
    for given in ([clip], ["--audio", sound, "--video", clip]):
        (found,) = predict(*given)
        assert found["text"] == "good to see you" and found["modality"] == "text+audio+video"
    (deaf,) = predict(clip, "--no-recognize")
    assert deaf["text"] is None and not any("pip install" in note for note in deaf["notes"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["CLIP", "--audio", "CLIP"], "a clip, or its parts, not both"),
        (["CLIP", "--text", "a", "--text", "b"], "the words of a clip are stated once"),
        (["CLIP", "--transcript", "none.srt"], "transcript none.srt does not exist"),
        (["--text", "a", "--video", "none.mp4"], "--video none.mp4 does not exist"),
    ],
)
def test_what_does_not_go_together_is_refused(predict, clip, arguments, message):
    found = predict(*[clip if one == "CLIP" else one for one in arguments])
    assert message in " ".join(found.split())


def test_the_table_says_what_an_answer_is_based_on(clip_bundle, clip):
    done = CliRunner().invoke(app, ["predict", str(clip_bundle), str(clip), "--no-recognize"])
    assert "based on" in done.stdout and "audio+video" in done.stdout
