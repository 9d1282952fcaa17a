"""How people spell the splits of a data set."""

import pytest

from affekt.core.labels import _SETS
from affekt.data.layouts.split_names import looks_like_split, split_of, splits_of


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "train Training TRAIN trainset train_set train-set TrainSet tr train_images TrainingData"),
        ("validation", "val valid Validation dev devel development val_set valset dev-set eval evaluation"),
        ("test", "test Testing TEST testset test_set TestImages test.data tst"),
    ],
)
def test_every_usual_spelling_means_its_split(split, names):
    assert {name: split_of(name) for name in names.split()} == dict.fromkeys(names.split(), split)


def test_words_that_all_names_share_mean_nothing():
    assert splits_of(["raf_train", "raf_test"]) == {"raf_train": "train", "raf_test": "test"}
    assert splits_of(["Train", "train"]) == {"Train": "train", "train": "train"}


def test_eval_means_the_test_split_where_validation_is_named_and_test_is_not():
    assert splits_of(["train", "eval"])["eval"] == "validation"
    assert splits_of(["train", "dev", "eval"])["eval"] == "test"
    assert splits_of(["train", "eval", "test"])["eval"] == "validation"


def test_what_an_option_states_wins():
    assert splits_of(["dev2", "val", "other"], {"DEV2": "test", "val": "ignore"}) == {
        "dev2": "test",
        "val": "ignore",
    }


@pytest.mark.parametrize("name", ["test2", "fold_1", "held-out", "trainval", "PublicTest", "dev2", "tr"])
def test_a_name_can_look_like_a_split_without_saying_which(name):
    assert looks_like_split(name)


def test_no_emotion_looks_like_a_split():
    names = {name for names in _SETS.values() for name in names} | {
        "tense",
        "Trauer",
        "träumerisch",
        "valence",
    }
    assert [name for name in sorted(names) if looks_like_split(name) or split_of(name)] == []
