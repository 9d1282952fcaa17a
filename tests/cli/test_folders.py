"""What the commands report about folders: left-out files, splits and spellings."""

import json

import pytest
from PIL import Image
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.errors import DataError
from affekt.core.recipe import Recipe

pytestmark = pytest.mark.xdist_group("faces")


def pictures(root, *names):
    for number, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (48, 48), (number * 20 % 255, 90, 120)).save(root / name)
    return root


def check(root, *arguments):
    done = CliRunner().invoke(
        app, ["data", "check", "images", "--data-root", str(root), "--json", *arguments]
    )
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_data_check_counts_what_is_left_out_by_kind(tmp_path):
    pictures(tmp_path, "happy/1.png", "sad/2.png", "sad/.ipynb_checkpoints/2.png")
    for name in ("sad/a.txt", "sad/b.TXT", "happy/c.psd"):
        (tmp_path / name).touch()
    found = check(tmp_path)
    assert found["left_out"] == {".txt": 2, ".psd": 1}
    assert any(
        "3 items cannot be used" in text and "by kind: .txt 2, .psd 1" in text for text in found["problems"]
    )


def test_data_check_reports_spellings_and_their_option(tmp_path):
    pictures(tmp_path, "Happy/1.png", "happy/2.png", "sad/3.png")
    found = check(tmp_path)
    assert "look like one class" in found["problems"][0] and "(training stops)" in found["problems"][0]
    merged = check(tmp_path, "--set", "merge_spellings=true")
    assert merged["classes"] == ["Happy", "sad"] and merged["errors"] == []


def test_data_check_reports_classes_that_look_like_splits(tmp_path):
    found = check(pictures(tmp_path, "train/1.png", "test/2.png"))
    assert "classes test, train look like splits" in found["problems"][0]


def test_data_check_takes_the_split_of_a_folder_as_an_option(tmp_path):
    pictures(tmp_path, "train/happy/1.png", "train/sad/2.png", "held/sad/3.png")
    assert check(tmp_path, "--set", "splits.held=test")["splits"]["test"]["samples"] == 1


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("Happy/1.png", "happy/2.png", "sad/3.png"), "options.merge_spellings = true"),
        (("train/1.png", "test/2.png"), "look like splits"),
        (("train/happy/1.png", "train/sad/2.png", "later/sad/3.png"), "is beside folders of splits"),
    ],
)
def test_training_stops_at_wrong_classes(tmp_path, names, says):
    from affekt.engine.train import train

    recipe = Recipe.from_values({"method": "compact_face", "data": {"name": "images"}})
    with pytest.raises(DataError, match=says):
        train(recipe, data_root=pictures(tmp_path / "data", *names), runs=tmp_path / "runs")


def test_predict_counts_what_a_folder_leaves_out(face_bundle, tmp_path):
    pictures(tmp_path, "in/1.png", "in/deep/2.PNG", "in/.hidden/3.png")
    (tmp_path / "in" / "notes.txt").touch()
    (tmp_path / "in" / "4.heic").write_bytes(b"not a picture")
    (tmp_path / "in" / "._1.png").touch()
    arguments = ["predict", str(face_bundle), str(tmp_path / "in"), "--threads", "1"]
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert len(document["predictions"]) == 2
    assert document["left_out"]["kinds"][".txt"] == 1
    assert document["left_out"]["hidden"] == 2
    done = CliRunner().invoke(app, arguments)
    assert "left out: " in done.output and ".txt 1" in done.output
