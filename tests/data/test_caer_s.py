"""CAER-S: class folders by name."""

import pytest
from PIL import Image

from affekt.core.catalog import dataset
from affekt.core.errors import DataError
from affekt.data.open import open_dataset
from affekt.testing import check_dataset

CAER_S = dataset("caer_s")
FOLDERS = ("Anger", "Disgust", "Fear", "Happy", "Neutral", "Sad", "Surprise")


def pictures(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(root / name)
    return root


def test_the_adapter_keeps_the_contract():
    check_dataset("caer_s")


def test_folders_are_the_classes_in_alphabetical_order(tmp_path):
    pictures(tmp_path, *[f"train/{name}/0001.png" for name in FOLDERS], "test/Happy/0002.png")
    corpus = open_dataset(CAER_S, tmp_path)
    assert corpus.labels.names == tuple(name.lower() for name in FOLDERS)
    assert [s.label for s in corpus.samples if s.split == "train"] == list(corpus.labels.names)
    assert [(s.id, s.label) for s in corpus.samples if s.split == "test"] == [
        ("test/Happy/0002.png", "happy")
    ]


def test_a_folder_valid_alone_is_the_test_part(tmp_path):
    pictures(tmp_path, "train/Sad/1.png", "valid/Sad/1.png")
    assert [s.split for s in open_dataset(CAER_S, tmp_path).samples] == ["train", "test"]


def test_a_folder_that_is_no_class_is_named(tmp_path):
    with pytest.raises(DataError, match="no class is called 0, Contempt; known: anger"):
        open_dataset(CAER_S, pictures(tmp_path, "train/Contempt/1.png", "train/0/1.png"))


def test_an_empty_tree_says_what_was_looked_for(tmp_path):
    with pytest.raises(
        DataError, match=r"no folder train or test; CAER-S is read from train/Anger/0001\.png"
    ):
        open_dataset(CAER_S, tmp_path)
