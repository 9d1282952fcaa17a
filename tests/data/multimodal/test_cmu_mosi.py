"""CMU-MOSI: rows of features and their words."""

import numpy as np
import pytest

from affekt.core.errors import DataError
from affekt.data.open import open_dataset

VIDEOS = ["aa", "aa", "bb", "cc"]
SPLITS = ["train", "train", "val", "test"]


@pytest.fixture
def tree(tmp_path):
    """A function that writes the files, with changes to the arrays, and reads them."""

    def read(table=True, **changes):
        rng = np.random.default_rng(0)
        arrays = {
            "video": np.array(VIDEOS),
            "segment": np.array([1, 2, 1, 1]),
            "split": np.array(SPLITS),
            "text": rng.standard_normal((4, 3)),
            "audio": rng.standard_normal((4, 2)),
            "vision": rng.standard_normal((4, 5)),
            "label": np.array([0, 1, 1, 0]),
        } | changes
        np.savez(tmp_path / "features.npz", **{k: v for k, v in arrays.items() if v is not None})
        rows = ["row,video,segment,split,label,text", "0,aa,1,train,0,NOT GOOD", "2,bb,1,val,1,FINE"]
        if table:
            (tmp_path / "utterances.csv").write_text("\n".join([*rows, ""]))
        return open_dataset("cmu_mosi", tmp_path)

    return read


def test_a_row_has_the_features_of_its_utterance(tree):
    found = tree().samples
    assert [sample.id for sample in found] == ["aa-1", "aa-2", "bb-1", "cc-1"]
    assert [sample.split for sample in found] == ["train", "train", "validation", "test"]
    assert [sample.label for sample in found] == ["negative", "positive", "positive", "negative"]
    assert {name: medium.width for name, medium in found[0].media.items()} == {
        "text": 3,
        "audio": 2,
        "video": 5,
    }
    assert found[0].media["text"].words == "NOT GOOD" and found[1].media["text"].words == ""


def test_a_video_is_a_subject_and_a_dialogue(tree):
    found = tree().samples
    assert [(sample.subject, sample.dialogue, sample.turn) for sample in found[:3]] == [
        ("aa", "aa", 1),
        ("aa", "aa", 2),
        ("bb", "bb", 1),
    ]
    assert len(found[1].around.turns) == 2


def test_words_are_not_needed(tree):
    assert all(not sample.media["text"].words for sample in tree(table=False).samples)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vision": None}, "lacks the arrays vision"),
        ({"audio": np.zeros((3, 2))}, "video has 4 rows, audio has 3 rows"),
        ({"split": np.array(["train", "dev", "val", "test"])}, "unknown split dev; known: train, val, test"),
        ({"label": np.array([0, 1, 2, 0])}, "unknown labels \\[2\\]"),
        ({"video": np.array(["aa", "aa", "xx", "cc"])}, "row 2 is segment 1 of bb"),
    ],
)
def test_damaged_files_are_refused(tree, changes, message):
    with pytest.raises(DataError, match=message):
        tree(**changes)


def test_a_folder_without_features_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"does not contain features.npz"):
        open_dataset("cmu_mosi", tmp_path)


def test_a_file_with_objects_is_not_unpickled(tree):
    with pytest.raises(DataError, match="cannot be read"):
        tree(video=np.array([{}, {}, {}, {}], dtype=object))


def test_the_distributed_files_have_the_stated_parts(shared):
    found = open_dataset("cmu_mosi", shared / "data" / "cmu_mosi_utt").samples
    parts = [sample.split for sample in found]
    assert (parts.count("train"), parts.count("validation"), parts.count("test")) == (1188, 259, 374)
    assert sum(sample.label == "positive" for sample in found if sample.split == "test") == 248
