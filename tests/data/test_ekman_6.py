"""Ekman-6: the conventions of VideoEmotion-8 with its own names."""

import json

import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import DataError
from affekt.data.open import open_dataset
from affekt.testing import check_dataset

EKMAN = dataset("ekman_6")


def touch(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def said(corpus):
    return {sample.id: (sample.label, sample.split, sorted(sample.media)) for sample in corpus.samples}


def test_the_adapter_keeps_the_contract():
    check_dataset("ekman_6")


def test_lists_part_the_clips_and_labels_keep_their_order(tmp_path):
    touch(tmp_path / "Ekman6--imgs" / "anger" / "1000" / "000001.jpg")
    touch(tmp_path / "Ekman6--imgs" / "surprise" / "1001" / "000001.jpg")
    touch(tmp_path / "Ekman6--mp3" / "anger" / "1000.mp3")
    touch(tmp_path / "trainlist01.txt", "anger/1000 1\n")
    touch(tmp_path / "testlist01.txt", "surprise/1001\n")
    corpus = open_dataset(EKMAN, tmp_path)
    assert said(corpus) == {
        "anger/1000": ("anger", "train", ["audio", "video"]),
        "surprise/1001": ("surprise", "test", ["video"]),
    }
    assert corpus.labels.names == ("anger", "disgust", "fear", "joy", "sadness", "surprise")


def test_a_json_file_parts_the_clips(tmp_path):
    for clip in ("joy/1", "fear/2"):
        touch(tmp_path / "Ekman-6" / "img" / clip / "000001.jpg")
    database = {
        clip: {"subset": subset, "annotations": {"label": label}}
        for clip, subset, label in (("1", "training", "joy"), ("2", "validation", "fear"))
    }
    touch(tmp_path / "Ekman-6" / "ekman6_01.json", json.dumps({"labels": [], "database": database}))
    assert said(open_dataset(EKMAN, tmp_path)) == {
        "joy/1": ("joy", "train", ["video"]),
        "fear/2": ("fear", "test", ["video"]),
    }


def test_clips_are_read_where_there_are_no_frames(tmp_path):
    clip = touch(tmp_path / "disgust" / "1.mkv")
    touch(tmp_path / "trainlist01.txt", "disgust/1 2\n")
    touch(tmp_path / "testlist01.txt")
    assert open_dataset(EKMAN, tmp_path).samples[0].media == {"video": clip, "audio": clip}


def test_a_split_that_is_not_there_names_its_own_file(tmp_path):
    touch(tmp_path / "disgust" / "1.mkv")
    with pytest.raises(DataError, match=r"nor ekman6_01\.json"):
        open_dataset(EKMAN, tmp_path)
