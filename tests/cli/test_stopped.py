"""Ctrl-C, SIGTERM and full disks: what was computed is kept or printed, and earlier files stay."""

import json
import os
import sys
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from affekt.cli.main import app, run
from affekt.cli.words.answer import answer_lines
from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.errors import AffektError
from affekt.deploy.runtime.predictor import Predictor
from affekt.starters.find import FOLDER as STARTERS

BUNDLE = STARTERS / "compact_face"
STOPS = pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(143), RuntimeError("x")])


@pytest.fixture
def faces(tmp_path):
    folder = tmp_path / "faces"
    folder.mkdir()
    for number in range(3):
        Image.new("L", (48, 48), 60 * number).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def stopped(monkeypatch):
    """A function that ends the next prediction after two answers."""
    predict = Predictor.predict

    def stop(error):
        def after_two(self, *inputs, **options):
            answers = predict(self, *inputs, **options)
            yield next(answers)
            yield next(answers)
            raise error

        monkeypatch.setattr(Predictor, "predict", after_two)

    return stop


def predicted(faces, *arguments):
    return CliRunner().invoke(
        app, ["predict", str(BUNDLE), str(faces), "--batch-size", "1", "--backend", "onnxruntime", *arguments]
    )


@STOPS
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_stop_keeps_the_answers_and_the_earlier_file(faces, stopped, caplog, error, suffix):
    output = faces.parent / f"out{suffix}"
    output.write_text("old")
    stopped(error)
    assert predicted(faces, "--output", str(output)).exit_code != 0
    kept = faces.parent / "out.unfinished.jsonl"
    assert output.read_text() == "old" and sorted(faces.parent.iterdir()) == sorted([faces, output, kept])
    assert [Path(json.loads(line)["id"]).name for line in kept.read_text().splitlines()] == ["0.png", "1.png"]
    assert f"{output} is not complete: {kept} holds the 2 answers so far" in caplog.text


@STOPS
def test_a_stop_prints_what_was_computed(faces, stopped, error):
    stopped(error)
    done = predicted(faces)
    assert done.exit_code != 0
    assert "0.png" in done.stdout and "1.png" in done.stdout and "2.png" not in done.stdout
    stopped(error)
    document = json.loads(predicted(faces, "--json").stdout)
    assert len(document["predictions"]) == 2 and document["unfinished"] is True


@pytest.mark.parametrize("suffix", [".csv", ".json", ".parquet", ".html"])
def test_a_disk_that_is_full_at_the_end_keeps_the_answers(faces, monkeypatch, caplog, suffix):
    output = faces.parent / f"out{suffix}"
    output.write_text("old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    done = predicted(faces, "--output", str(output))
    assert isinstance(done.exception, AffektError) and "No space left on device" in str(done.exception)
    kept = faces.parent / "out.unfinished.jsonl"
    assert output.read_text() == "old" and len(kept.read_text().splitlines()) == 3
    assert str(kept) in caplog.text


class TwoAnswers:
    """A predictor that answers two lines and then fails."""

    def answers(self, samples, batch_size=None):
        provenance = Provenance("m", "w", "b")
        for number in (1, 2):
            yield Prediction(f"a:{number}", "joy", {"joy": 1.0}, 1.0, "text", provenance, text="Hello.")
        raise KeyboardInterrupt


@pytest.mark.parametrize(("suffix", "kept"), [(".csv", ".csv"), (".srt", ".jsonl"), (".json", ".jsonl")])
@pytest.mark.parametrize("live", [False, True])
def test_a_stop_keeps_answers_to_words(tmp_path, suffix, kept, live):
    output = tmp_path / f"out{suffix}"
    output.write_text("old")
    given = {"json": False, "batch_size": None, "extra": {}, "left_out": ""}
    with pytest.raises(KeyboardInterrupt):
        answer_lines(TwoAnswers(), [], output=output, live=live, **given)
    if live and suffix == ".csv":  # lines that come one by one have no other end
        assert "a:2" in output.read_text() and list(tmp_path.iterdir()) == [output]
        return
    assert output.read_text() == "old" and "a:2" in (tmp_path / f"out.unfinished{kept}").read_text()


def test_a_stop_prints_the_document_of_answers_to_words(capsys):
    with pytest.raises(KeyboardInterrupt):
        answer_lines(
            TwoAnswers(), [], output=None, json=True, live=False, batch_size=None, extra={}, left_out=""
        )
    document = json.loads(capsys.readouterr().out)
    assert len(document["predictions"]) == 2 and document["unfinished"] is True


def test_a_place_that_cannot_be_written_is_refused_before_the_bundle_is_read(faces):
    (faces.parent / "folder.csv").mkdir()
    done = CliRunner().invoke(
        app, ["predict", "no bundle", str(faces), "--output", str(faces.parent / "folder.csv")]
    )
    assert "is a folder, and is not replaced by a file" in str(done.exception)


@pytest.mark.parametrize(
    "arguments",
    [
        ["data", "check", "images", "--data-root", "{0.parent}", "--figure", "{}/a.png"],
        ["data", "check", "images", "--data-root", "{0.parent}", "--figure", "{}.unknown"],
        ["data", "invent", "spoken_scenes", "{}/a"],
        ["data", "prepare", "clips", "--data-root", "missing", "--output", "{}/a"],
        ["evaluate", str(BUNDLE), "--output", "{}/a"],
        ["train", "compact_face/fer2013", "--data-root", "{0.parent}", "--runs", "{}/a"],
        ["bench", "missing", "--save", "{}/a.json"],
    ],
)
def test_output_below_a_file_is_refused_before_the_work(tmp_path, arguments):
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, [argument.format(tmp_path / "file") for argument in arguments])
    assert isinstance(done.exception, AffektError), done.output
    assert done.exception.exit_code == 2 and str(tmp_path / "file") in str(done.exception)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk_behind_standard_output_is_one_clear_line(monkeypatch, capsys):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        monkeypatch.setattr(sys, "argv", ["affekt", "methods"])
        with pytest.raises(SystemExit) as end:
            run()
    assert end.value.code == 1
    assert capsys.readouterr().err == "AffektError: the output cannot be written: No space left on device\n"
