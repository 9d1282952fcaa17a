"""Predicting pictures: folders of any length, broken files, one clear error for each kind of bad input."""

import json
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import affekt
from affekt.core.answers.prediction import Prediction
from affekt.core.errors import AffektError
from affekt.core.sample import Skipped
from affekt.data.open import open_dataset

pytestmark = pytest.mark.xdist_group("faces")


@pytest.fixture(scope="module")
def pixels():
    """Seven drawn faces."""
    corpus = open_dataset("drawn_faces", None, {"people": 8, "faces_per_emotion": 1, "size": 64})
    return [np.asarray(sample.media["image"]) for sample in corpus.samples[:7]]


@pytest.fixture
def faces(pixels, tmp_path):
    """A folder with them as files of several kinds."""
    folder = tmp_path / "faces"
    folder.mkdir()
    for number, (face, suffix) in enumerate(
        zip(pixels, ("png", "jpg", "webp", "bmp", "PNG", "tif", "gif"), strict=True)
    ):
        Image.fromarray(face).save(folder / f"{number}.{suffix}")
    (folder / "notes.txt").write_text("not a picture, and not read")
    return folder


def bad_files(folder, face, huge_png):
    """A bad file of each kind, and a part of the reason that must be given for it."""
    Image.fromarray(face).save(folder / "whole.jpg", quality=95)
    (folder / "cut.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:400])
    (folder / "whole.jpg").unlink()
    (folder / "text.png").write_text("this is text")
    (folder / "huge.png").write_bytes(huge_png(30_000, 30_000))
    (folder / "empty.png").touch()
    frames = [Image.fromarray(face), Image.fromarray(255 - face)]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])
    return {
        "cut.jpg": "truncated or damaged",
        "text.png": "it holds the text 'this is text'",
        "huge.png": "30000 x 30000 pixels|megapixels",
        "empty.png": "is empty",
        "moving.gif": "is an animation",
    }


def cli(*arguments):
    code = "from affekt.cli.main import run; run()"
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)


def test_pictures_of_every_kind_are_answered_as_pytorch_answers_them(face_bundle, face_run, faces):
    light = list(affekt.load(face_bundle).predict([faces]))
    heavy = list(affekt.load(face_run).predict([faces]))
    assert len(light) == 7 and all(isinstance(answer, Prediction) for answer in light)
    for one, other in zip(light, heavy, strict=True):
        assert dict(one.scores) == pytest.approx(dict(other.scores), abs=1e-4)
        assert one.modality == "image"


def test_pixels_and_their_file_get_the_same_answer(face_bundle, faces, pixels):
    predictor = affekt.load(face_bundle)
    assert dict(predictor(pixels[0]).scores) == pytest.approx(dict(predictor(faces / "0.png").scores))


def test_broken_files_are_skipped_with_their_reasons(face_bundle, faces, pixels, huge_png):
    reasons = bad_files(faces, pixels[0], huge_png)
    done = cli("predict", face_bundle, faces, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert len(document["predictions"]) == 7
    reasons_given = {Path(item["id"]).name: item["reason"] for item in document["skipped"]}
    assert set(reasons_given) == set(reasons)
    for name, reason in reasons.items():
        assert any(part in reasons_given[name] for part in reason.split("|")), reasons_given[name]
    assert "7 predicted, 5 skipped" in done.stderr


def test_each_bad_file_alone_is_one_clear_error(face_bundle, tmp_path, pixels, huge_png):
    predictor = affekt.load(face_bundle)
    for name, reason in bad_files(tmp_path, pixels[0], huge_png).items():
        with pytest.raises(AffektError, match=reason):
            predictor(tmp_path / name)


def test_a_folder_without_pictures_is_refused_with_the_known_suffixes(face_bundle, tmp_path):
    (tmp_path / "notes.txt").write_text("nothing here")
    done = cli("predict", face_bundle, tmp_path)
    assert done.returncode == 1
    assert "holds no image file; known are .bmp" in done.stderr and "Traceback" not in done.stderr


def test_a_thousand_pictures_stream_in_flat_memory(face_bundle, tmp_path, pixels):
    """Peak memory is the same for 1,000 as for 200, except for the answers."""
    for number in range(1_000):
        Image.fromarray(pixels[number % 7]).resize((160, 160)).save(tmp_path / f"{number:04d}.jpg")
    (tmp_path / "0500.jpg").write_text("broken")
    predictor = affekt.load(face_bundle)
    files = sorted(tmp_path.glob("*.jpg"))

    def peak(count):
        tracemalloc.start()
        kinds = [type(answer) for answer in predictor.predict(files[:count], batch_size=16)]
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size, kinds

    peak(50)  # what is loaded once
    small, _ = peak(200)
    large, kinds = peak(1_000)
    assert kinds.count(Prediction) == 999 and kinds[500] is Skipped
    assert large < small + 2e6, "memory grows with the number of pictures (77 kB each, decoded)"


def test_progress_states_the_number_of_pictures(face_bundle, faces):
    done = cli("predict", face_bundle, faces)
    assert "predicting: 7 of 7" in done.stderr


def test_a_manifest_that_lacks_a_column_is_one_clear_error(tmp_path):
    (tmp_path / "manifest.csv").write_text("file,label\na.png,happy\n")
    done = cli("data", "check", "images", "--data-root", tmp_path)
    assert done.returncode == 1
    assert "path" in done.stderr and "Traceback" not in done.stderr
