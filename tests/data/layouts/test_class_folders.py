"""Folders of classes and splits, in every data set that is read from folders."""

import json

import pytest

from affekt.core.errors import ConfigError, DataError
from affekt.data.layouts.class_folders import published_layout, read_class_folders
from affekt.data.open import open_dataset

SUFFIX = {"images": ".png", "clips": ".mp4", "skeletons": ".json"}
OWN = pytest.mark.parametrize("name", SUFFIX)
WALK = json.dumps(
    {"joints": ["root", "spine"], "positions": [[[0, 0, 0], [0, 1, 0]], [[0, 0, 1], [0, 1, 1]]]}
)


def fill(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(WALK)
    return root


def files(name, *stems):
    return [stem if "." in stem else stem + SUFFIX[name] for stem in stems]


def said(corpus):
    return {sample.id.rpartition(".")[0]: (sample.label, sample.split) for sample in corpus.samples}


@OWN
@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("Training", "valid", "Testing"),
        ("TRAIN_SET", "dev", "test-set"),
        ("tr", "eval", "testset"),
    ],
)
def test_splits_are_recognised_in_every_spelling_beside_stray_folders(
    tmp_path, name, train, validation, test
):
    parts = [f"{part}/{label}/1" for part in (train, validation, test) for label in ("happy", "sad")]
    fill(tmp_path, *files(name, *parts))
    fill(tmp_path, "__MACOSX/train/happy/._1.png", ".git/x/1.png", "notes/a.txt", "docs/deep/readme.md")
    (tmp_path / "empty").mkdir()
    corpus = open_dataset(name, tmp_path)
    assert said(corpus) == {
        f"{part}/{label}/1": (label, split)
        for part, split in ((train, "train"), (validation, "validation"), (test, "test"))
        for label in ("happy", "sad")
    }
    assert {item.kind for item in corpus.skipped} == {".txt", ".md"}
    assert "3 folders contain no" in corpus.problems[0] and "docs, empty, notes" in corpus.problems[0]


@OWN
def test_an_added_dev_folder_changes_no_class(tmp_path, name):
    fill(tmp_path, *files(name, "train/happy/1", "train/sad/2", "test/happy/3", "test/sad/4", "dev/sad/5"))
    corpus = open_dataset(name, tmp_path)
    assert corpus.labels.names == ("happy", "sad")
    assert said(corpus)["dev/sad/5"] == ("sad", "validation")


@OWN
def test_a_folder_of_files_beside_splits_stops_until_an_option_names_it(tmp_path, name):
    fill(tmp_path, *files(name, "train/happy/1", "train/sad/2", "test/sad/3", "heldout/happy/4"))
    with pytest.raises(DataError, match=r"in heldout/happy is beside (.|\n)*splits = \{heldout = \"test\"\}"):
        open_dataset(name, tmp_path)
    named = open_dataset(name, tmp_path, {"splits": {"heldout": "test"}})
    assert said(named)["heldout/happy/4"] == ("happy", "test")
    ignored = open_dataset(name, tmp_path, {"splits": {"heldout": "ignore"}})
    assert "heldout/happy/4" not in said(ignored)
    assert [item.kind for item in ignored.skipped] == ["ignored splits"]


def test_an_option_that_names_no_split_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="splits"):
        open_dataset("images", tmp_path, {"splits": {"heldout": "later"}})


@OWN
def test_classes_may_hold_the_splits(tmp_path, name):
    fill(tmp_path, *files(name, "happy/train/1", "happy/Test/2", "sad/train/3", "sad/val/monday/4"))
    assert said(open_dataset(name, tmp_path)) == {
        "happy/train/1": ("happy", "train"),
        "happy/Test/2": ("happy", "test"),
        "sad/train/3": ("sad", "train"),
        "sad/val/monday/4": ("sad", "validation"),
    }


def test_files_beside_the_splits_of_a_class_stop(tmp_path):
    fill(tmp_path, "happy/train/1.png", "happy/2.png", "sad/train/3.png")
    with pytest.raises(DataError, match="1 file in happy is beside folders of splits") as caught:
        open_dataset("images", tmp_path)
    assert "move each into a folder of a split" in str(caught.value)
    assert "options.splits" not in str(caught.value)  # a class folder has no split that could be stated


def test_a_data_set_beside_other_files_names_the_folder_to_give(tmp_path):
    fill(tmp_path, "faces/train/happy/1.png", "faces/test/sad/2.png", "other/scans/3.png")
    with pytest.raises(DataError, match=r"if only \S*faces is the data set, give that folder"):
        open_dataset("images", tmp_path)


def test_numbered_splits_name_the_option_that_reads_them(tmp_path):
    fill(tmp_path, "01_train/happy/1.png", "01_train/sad/2.png", "02_test/happy/3.png", "02_test/sad/4.png")
    with pytest.raises(DataError, match=r'options\.splits assigns other names, as in \{01_train = "train"\}'):
        open_dataset("images", tmp_path)
    corpus = open_dataset("images", tmp_path, {"splits": {"01_train": "train", "02_test": "test"}})
    assert {sample.split for sample in corpus.samples} == {"train", "test"}
    assert corpus.labels.names == ("happy", "sad")


@OWN
def test_splits_may_lie_in_a_folder_of_their_own(tmp_path, name):
    fill(
        tmp_path,
        *files(name, "data/set/train/happy/1", "data/set/train/sad/2", "data/set/test/sad/3"),
        "a.txt",
    )
    assert said(open_dataset(name, tmp_path)) == {
        "data/set/train/happy/1": ("happy", "train"),
        "data/set/train/sad/2": ("sad", "train"),
        "data/set/test/sad/3": ("sad", "test"),
    }


def test_an_archive_that_holds_its_split_twice_is_read(tmp_path):
    fill(tmp_path, "train/train/happy/1.png", "train/train/sad/2.png", "test/test/sad/3.png")
    corpus = open_dataset("images", tmp_path)
    assert said(corpus)["test/test/sad/3"] == ("sad", "test")
    assert corpus.labels.names == ("happy", "sad")


def test_classes_in_a_folder_of_their_own_name_the_folder_to_give(tmp_path):
    fill(tmp_path, "data/happy/1.png", "data/sad/2.png")
    with pytest.raises(
        DataError, match=r"found data; all files are in .*data: give that folder if happy, sad"
    ):
        open_dataset("images", tmp_path)


@OWN
def test_splits_without_classes_are_no_classes(tmp_path, name):
    fill(tmp_path, *files(name, "train/1", "test/2"))
    with pytest.raises(DataError, match="classes test, train look like splits"):
        open_dataset(name, tmp_path)
    corpus = open_dataset(name, tmp_path, strict=False)
    assert corpus.labels.names == ("test", "train") and len(corpus.errors) == 1


def test_a_class_that_looks_like_a_split_can_be_chosen(tmp_path):
    fill(tmp_path, "train/monday/1.png", "boat/2.png")
    with pytest.raises(DataError, match="boat is beside"):
        open_dataset("images", tmp_path)
    assert open_dataset("images", tmp_path, {"labels": ["train", "boat"]}).labels.names == ("train", "boat")


def test_files_outside_of_class_folders_are_counted(tmp_path):
    fill(tmp_path, "happy/1.png", "sad/2.png", "grid.png", "train.csv")
    items = {item.id: item.kind for item in open_dataset("images", tmp_path).skipped}
    assert items == {"grid.png": "outside of class folders", "train.csv": ".csv"}


def test_unlabelled_files_of_a_split_are_counted(tmp_path):
    fill(tmp_path, "train/happy/1.png", "train/sad/2.png", "test/3.png")
    corpus = open_dataset("images", tmp_path)
    assert corpus.labels.names == ("happy", "sad")
    assert [(item.id, item.kind) for item in corpus.skipped] == [("test/3.png", "outside of class folders")]


@OWN
def test_spellings_of_a_class_stop_until_an_option_merges_them(tmp_path, name):
    fill(tmp_path, *files(name, "Happy/1", "happy/2", "happy/3", "happy /4", "sad/5"))
    with pytest.raises(DataError, match=r"look like one class(.|\n)*merge_spellings"):
        open_dataset(name, tmp_path)
    merged = open_dataset(name, tmp_path, {"merge_spellings": True})
    assert merged.labels.names == ("happy", "sad")
    assert {label for label, _ in said(merged).values()} == {"happy", "sad"}
    assert "happy /4" in said(merged)


def test_links_to_class_folders_are_followed(tmp_path):
    fill(tmp_path / "pool", "a/1.png", "b/2.png")
    root = fill(tmp_path / "root", "happy/own.png", "sad/own.png")
    try:
        (root / "happy" / "batch").symlink_to(tmp_path / "pool" / "a")
        (root / "calm").symlink_to(tmp_path / "pool" / "b")
    except OSError as error:
        pytest.skip(f"this system makes no links: {error}")
    assert {name: label for name, (label, _) in said(open_dataset("images", root)).items()} == {
        "happy/own": "happy",
        "happy/batch/1": "happy",
        "sad/own": "sad",
        "calm/2": "calm",
    }


def test_a_file_in_place_of_a_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="is not a folder"):
        read_class_folders(fill(tmp_path, "a.png") / "a.png", (".png",), "picture")


def test_a_published_set_leaves_out_what_lies_beside_its_splits(tmp_path):
    fill(tmp_path, "RAF/Train/1/a.png", "RAF/valid/1/b.png", "RAF/original/c.png")
    layout = published_layout(tmp_path, (".png",), "picture", validation_is_test=True)
    assert {line.id: line.split for line in layout.files} == {
        "RAF/Train/1/a.png": "train",
        "RAF/valid/1/b.png": "test",
    }
    assert [(item.id, item.kind) for item in layout.skipped] == [
        ("RAF/original/c.png", "beside folders of splits")
    ]
    assert published_layout(tmp_path / "RAF" / "original", (".png",), "picture").files == []


@pytest.mark.parametrize(
    ("name", "suffix", "label"),
    [
        ("caer", ".MTS", "Anger"),
        ("caer_s", ".png", "Anger"),
        ("raf_db", ".png", "anger"),
        ("affectnet", ".png", "anger"),
        ("fer2013", ".png", "angry"),
    ],
)
def test_published_sets_are_read_in_any_spelling_of_their_splits(tmp_path, name, suffix, label):
    fill(tmp_path, f"Training/{label}/1{suffix}", f"Testing/{label}/2{suffix}", f"__MACOSX/x/._1{suffix}")
    corpus = open_dataset(name, tmp_path)
    assert [(sample.id, sample.split) for sample in corpus.samples] == [
        (f"Testing/{label}/2{suffix}", "test"),
        (f"Training/{label}/1{suffix}", "train"),
    ]
    assert {sample.label for sample in corpus.samples} <= {"anger", "angry"}
