"""CAER: clips in folders of parts and classes."""

import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import DataError
from affekt.data.open import open_dataset
from affekt.testing import check_dataset

CAER = dataset("caer")
FOLDERS = ("Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def test_the_adapter_keeps_the_contract():
    check_dataset("caer")


def test_folders_are_parts_and_classes(tmp_path):
    touch(tmp_path, *[f"train/{name}/0001.avi" for name in FOLDERS])
    touch(tmp_path, "validation/Sad/0001.avi", "test/Happy/0001.avi")
    corpus = open_dataset(CAER, tmp_path)
    assert corpus.labels.names == tuple(name.lower() for name in FOLDERS)
    assert [s.label for s in corpus.samples if s.split == "train"] == list(corpus.labels.names)
    assert {s.id: (s.label, s.split) for s in corpus.samples if s.split != "train"} == {
        "validation/Sad/0001.avi": ("sad", "validation"),
        "test/Happy/0001.avi": ("happy", "test"),
    }
    clip = tmp_path / "test/Happy/0001.avi"
    assert corpus.samples[0].media == {"video": clip, "audio": clip}


def test_neutral_clips_can_be_left_out(tmp_path):
    touch(tmp_path, *[f"train/{name}/0001.avi" for name in FOLDERS])
    corpus = open_dataset(CAER, tmp_path, {"neutral": False})
    assert corpus.labels.names == ("anger", "disgust", "fear", "happy", "sad", "surprise")
    assert [sample.label for sample in corpus.samples] == list(corpus.labels.names)
    assert corpus.skipped == []


def test_a_file_that_is_no_clip_is_skipped(tmp_path):
    touch(tmp_path, "train/Sad/1.avi", "train/Sad/1.txt")
    (skipped,) = open_dataset(CAER, tmp_path).skipped
    assert skipped.id == "train/Sad/1.txt"
    assert "is not a clip by its name" in skipped.reason


def test_folders_that_are_no_class_are_named(tmp_path):
    with pytest.raises(DataError, match="no class is called 0, Contempt; known: anger"):
        open_dataset(CAER, touch(tmp_path, "train/Contempt/1.avi", "train/0/1.avi"))


def test_an_empty_tree_says_what_was_looked_for(tmp_path):
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match=r"CAER is read from train/Anger/0001\.avi"):
        open_dataset(CAER, tmp_path)
