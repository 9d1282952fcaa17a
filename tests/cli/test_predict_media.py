"""Inputs of `affekt predict` for pictures: standard input, lists with unusable files, addresses."""

import io
import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from affekt.cli.main import app, run
from affekt.core.errors import MediaError, UsageError
from affekt.starters.find import FOLDER as STARTERS

BUNDLE = str(STARTERS / "compact_face")


def predict(*arguments, given=None):
    return CliRunner().invoke(app, ["predict", BUNDLE, *map(str, arguments)], input=given)


@pytest.fixture
def face(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "face.png")
    return tmp_path / "face.png"


def test_a_picture_from_standard_input_has_the_answer_of_its_file(face, tmp_path):
    by_stream = predict("-", "--json", "--output", tmp_path / "a.csv", given=face.read_bytes())
    (answer,) = json.loads(by_stream.stdout)["predictions"]
    (other,) = json.loads(predict(face, "--json").stdout)["predictions"]
    assert (answer["id"], answer["scores"]) == ("stdin", other["scores"])
    assert (tmp_path / "a.csv").read_text().splitlines()[1].startswith("stdin,")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", UsageError, "standard input is empty; this bundle takes inputs of modality image"),
        (
            b"RIFF\x24\0\0\0WAVE" + bytes(40),
            MediaError,
            "stdin cannot be read as a picture: it is a WAV sound",
        ),
        (b"hello", MediaError, "^stdin cannot be read as a picture: it holds the text 'hello'"),
    ],
)
def test_other_standard_input_is_named(content, error, message):
    done = predict("-", given=content)
    assert isinstance(done.exception, error)
    with pytest.raises(error, match=message):
        raise done.exception


def test_standard_input_leaves_no_file_behind(face, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    assert predict("-", given=face.read_bytes()).exit_code == 0
    assert predict("-", given=b"broken").exit_code == 1
    assert not list((tmp_path / "temporary").iterdir())


def test_a_list_with_unusable_files_answers_the_others_and_counts_equal_reasons(face, tmp_path):
    (tmp_path / "empty").mkdir()
    empty = [tmp_path / "empty" / f"{number}.png" for number in range(30)]
    for path in empty:
        path.touch()
    too_long = tmp_path / ("a" * 300)
    done = predict(*empty[:20], face, tmp_path / "gone.png", *empty[20:], too_long)
    assert done.exit_code == 0
    lines = [line for line in done.output.splitlines() if line.startswith("skipped")]
    assert lines[:2] == [
        f"skipped {empty[0]} is empty (29 more for this reason)",
        f"skipped {tmp_path / 'gone.png'} does not exist",
    ]
    assert "cannot be read: File name too long" in lines[2] and len(lines) == 3
    assert "1 predicted, 32 skipped" in done.output


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("https://example.org/face.jpg", "https://example.org/face.jpg is a URL, .*: download it"),
        ("rtsp://camera/1", "rtsp://camera/1 is the address of a live stream, .*: record a part of it"),
    ],
)
def test_an_address_is_named(address, message):
    done = predict(address)
    with pytest.raises(UsageError, match=message):
        raise done.exception


def test_paths_that_are_all_missing_are_wrong_usage(tmp_path):
    done = predict(tmp_path / "a.png", tmp_path / "b.png")
    with pytest.raises(UsageError, match=r"a\.png does not exist; .*b\.png does not exist"):
        raise done.exception


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "ascii"])
def test_any_name_of_a_file_is_printed_in_any_encoding(face, monkeypatch, encoding):
    for name in (b"caf\xe9.png", "\N{CJK UNIFIED IDEOGRAPH-4F60}.png".encode()):
        shutil.copy(os.fsencode(face), os.path.join(os.fsencode(face.parent), name))  # noqa: PTH118
    out = io.BytesIO()
    monkeypatch.setattr("sys.argv", ["affekt", "predict", BUNDLE, str(face.parent)])
    with io.TextIOWrapper(out, encoding=encoding, errors="strict") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        with pytest.raises(SystemExit) as end:
            run()
        stream.flush()
        text = out.getvalue().decode(encoding)
    assert end.value.code == 0
    assert "caf\\udce9.png" in text and "face.png" in text


def test_a_picture_of_any_kind_is_standard_input(face):
    stream = io.BytesIO()
    Image.open(face).save(stream, "WEBP", lossless=True)
    assert predict("-", given=stream.getvalue()).exit_code == 0
