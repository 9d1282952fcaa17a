"""AffectNet: the academic release, lists, and class folders."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.data.open import open_dataset
from affekt.testing import check_dataset

AFFECTNET = dataset("affectnet")
OFFICIAL = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt")
RAF_ORDER = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")


def pictures(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(root / name)
    return root


def annotated(root, number, value, *, part="train_set"):
    """A face of the academic release."""
    pictures(root, f"{part}/images/{number}.jpg")
    (root / part / "annotations").mkdir(exist_ok=True)
    np.save(root / part / "annotations" / f"{number}_exp.npy", np.array(value))
    return root


def listed(root, name, *lines):
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text("\n".join(lines) + "\n")
    return root


def said(corpus):
    return {sample.id: (sample.label, sample.split) for sample in corpus.samples}


def reasons(corpus):
    return {item.id: item.reason for item in corpus.skipped}


def test_the_adapter_keeps_the_contract():
    check_dataset("affectnet")


# The academic release


def test_numbers_of_the_release_are_in_its_order(tmp_path):
    for number in range(8):
        annotated(tmp_path, number, str(number))
    corpus = open_dataset(AFFECTNET, tmp_path)
    assert [sample.label for sample in corpus.samples] == list(OFFICIAL)
    assert corpus.labels.names == OFFICIAL
    assert corpus.samples[3].media["image"] == tmp_path / "train_set/images/3.jpg"


@pytest.mark.parametrize("value", ["6", 6, 6.0, np.int64(6), ["6"]])
def test_a_number_may_be_text_or_integer(tmp_path, value):
    assert said(open_dataset(AFFECTNET, annotated(tmp_path, 0, value))) == {"train_set/0": ("anger", "train")}


def test_the_validation_set_is_the_test_part(tmp_path):
    annotated(tmp_path, 0, "1")
    annotated(tmp_path, 0, "2", part="val_set")
    assert said(open_dataset(AFFECTNET, tmp_path)) == {
        "train_set/0": ("happy", "train"),
        "val_set/0": ("sad", "test"),
    }


def test_seven_classes_leave_contempt_out(tmp_path):
    annotated(tmp_path, 0, "1")
    annotated(tmp_path, 1, "7")
    corpus = open_dataset(AFFECTNET, tmp_path, {"classes": 7})
    assert said(corpus) == {"train_set/0": ("happy", "train")}
    assert corpus.labels.names == OFFICIAL[:7]
    assert corpus.skipped == []


def test_faces_that_cannot_be_used_are_skipped_with_the_reason(tmp_path):
    annotated(tmp_path, 0, "1")
    for number, value in enumerate(("9", "x", 1.5, ["1", "2"]), start=1):
        annotated(tmp_path, number, value)
    annotated(tmp_path, 5, "1")
    (tmp_path / "train_set/images/5.jpg").unlink()
    pictures(tmp_path, "train_set/images/6.jpg")
    (tmp_path / "train_set/annotations/0_aro.npy").write_bytes(b"")
    found = reasons(open_dataset(AFFECTNET, tmp_path))
    assert "class number 9 (uncertain) is not 0 to 7" in found["train_set/1"]
    assert all("contains no class number" in found[f"train_set/{number}"] for number in (2, 3, 4))
    assert "has no picture called 5" in found["train_set/5"]
    assert "6_exp.npy does not exist" in found["train_set/6"]
    assert len(found) == 6


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY", b"3", b"x" * 5000])
def test_a_damaged_annotation_is_skipped(tmp_path, content):
    annotated(annotated(tmp_path, 0, "1"), 1, "1")
    (tmp_path / "train_set/annotations/1_exp.npy").write_bytes(content)
    assert list(reasons(open_dataset(AFFECTNET, tmp_path))) == ["train_set/1"]


def test_an_annotation_is_never_unpickled_nor_unpacked(tmp_path):
    for number in range(3):
        annotated(tmp_path, number, "1")
    np.save(tmp_path / "train_set/annotations/1_exp.npy", np.array({"a": 1}, object), allow_pickle=True)
    with zipfile.ZipFile(tmp_path / "train_set/annotations/2_exp.npy", "w") as archive:
        archive.writestr("a.npy", b"")
    assert list(reasons(open_dataset(AFFECTNET, tmp_path))) == ["train_set/1", "train_set/2"]


def test_annotations_without_pictures_are_refused(tmp_path):
    (tmp_path / "train_set" / "annotations").mkdir(parents=True)
    with pytest.raises(DataError, match=r"images does not exist"):
        open_dataset(AFFECTNET, tmp_path)


# Lists


@pytest.mark.parametrize("folder", ["", "images/"])
def test_pictures_of_a_list_lie_beside_it_or_in_images(tmp_path, folder):
    listed(tmp_path, "train_set/train_annotations_7class.txt", "a.jpg 3", "", "b.jpg 0", "none.jpg 0")
    pictures(tmp_path, f"train_set/{folder}a.jpg", f"train_set/{folder}b.jpg")
    corpus = open_dataset(AFFECTNET, tmp_path, {"classes": 7})
    assert said(corpus) == {"train_set/a.jpg": ("surprise", "train"), "train_set/b.jpg": ("neutral", "train")}
    assert list(reasons(corpus)) == ["train_set/none.jpg"]


def test_a_copy_in_another_order_says_so_by_names(tmp_path):
    listed(tmp_path, "val_set/val_annotations_7class.txt", "a.jpg 3", "b.jpg 7")
    pictures(tmp_path, "val_set/a.jpg", "val_set/b.jpg")
    corpus = open_dataset(AFFECTNET, tmp_path, {"classes": 7, "names": RAF_ORDER})
    assert said(corpus) == {"val_set/a.jpg": ("happy", "test")}
    assert "class number 7 is not 0 to 6" in reasons(corpus)["val_set/b.jpg"]
    assert corpus.labels.names == OFFICIAL[:7]


def test_the_list_of_as_many_classes_is_read(tmp_path):
    listed(tmp_path, "train_set/train_annotations_7class.txt", "a.jpg 3")
    listed(tmp_path, "train_set/train_annotations_8class.txt", "a.jpg 4")
    pictures(tmp_path, "train_set/a.jpg")
    assert open_dataset(AFFECTNET, tmp_path, {"classes": 7}).samples[0].label == "surprise"
    assert open_dataset(AFFECTNET, tmp_path, {"classes": 8}).samples[0].label == "fear"


def test_lists_that_do_not_tell_their_classes_are_refused(tmp_path):
    for name in ("annotations_a.txt", "annotations_b.txt"):
        listed(tmp_path, f"train_set/{name}", "a.jpg 3")
    with pytest.raises(DataError, match=r"none is called \.\.\.8class\.txt"):
        open_dataset(AFFECTNET, tmp_path)


def test_all_malformed_lines_of_a_list_are_reported_at_once(tmp_path):
    listed(tmp_path, "train_set/train_annotations.txt", "a.jpg 3", "b.jpg", "../c.jpg 1", "d.jpg happy")
    with pytest.raises(DataError, match=r"has 3 problems\n  line 2: 'b\.jpg' is not like '0\.jpg 3'"):
        open_dataset(AFFECTNET, tmp_path)


def test_a_set_without_annotations_is_refused(tmp_path):
    with pytest.raises(DataError, match="neither a folder annotations nor a list"):
        open_dataset(AFFECTNET, pictures(tmp_path, "train_set/images/0.jpg"))


# Class folders


def test_class_folders_are_called_by_number_or_name(tmp_path):
    pictures(tmp_path, "train/3/a.jpg", "train/Happy/b.jpg", "val/7/c.jpg")
    assert said(open_dataset(AFFECTNET, tmp_path)) == {
        "train/3/a.jpg": ("surprise", "train"),
        "train/Happy/b.jpg": ("happy", "train"),
        "val/7/c.jpg": ("contempt", "test"),
    }


def test_numbers_of_class_folders_follow_names(tmp_path):
    pictures(tmp_path, "train/3/a.jpg")
    assert open_dataset(AFFECTNET, tmp_path, {"names": RAF_ORDER}).samples[0].label == "happy"
    pictures(tmp_path, "train/7/a.jpg")
    with pytest.raises(DataError, match="no class is called 7"):
        open_dataset(AFFECTNET, tmp_path, {"names": RAF_ORDER})


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match="neither train_set and val_set, nor train and val"):
        open_dataset(AFFECTNET, tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": 6}, r"data\.options\.classes = 6"),
        ({"names": ["gleeful", *RAF_ORDER]}, "gleeful is not a class of AffectNet"),
        ({"names": []}, "each class is required once"),
        ({"names": RAF_ORDER[:6]}, "each class is required once"),
        ({"names": [*RAF_ORDER, "happy"]}, "each class is required once"),
    ],
)
def test_wrong_options_are_refused(tmp_path, options, message):
    with pytest.raises(ConfigError, match=message):
        open_dataset(AFFECTNET, tmp_path, options)
