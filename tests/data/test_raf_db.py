"""RAF-DB: its own list, and copies in class folders."""

import pytest
from PIL import Image

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.data.open import open_dataset
from affekt.testing import check_dataset

RAF_DB = dataset("raf_db")
NAMES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")


def pictures(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4)).save(root / name)
    return root


def listed(root, *lines):
    (root / "EmoLabel").mkdir(parents=True, exist_ok=True)
    (root / "EmoLabel" / "list_patition_label.txt").write_text("\n".join(lines) + "\n")
    return root


def said(corpus):
    return {sample.id: (sample.label, sample.split) for sample in corpus.samples}


def test_the_adapter_keeps_the_contract():
    check_dataset("raf_db")


def test_the_list_gives_label_and_part(tmp_path):
    listed(tmp_path, "train_00001.jpg 5", "train_00002.jpg 1", "test_0001.jpg 7")
    aligned = [f"Image/aligned/{name}_aligned.jpg" for name in ("train_00001", "train_00002", "test_0001")]
    corpus = open_dataset(RAF_DB, pictures(tmp_path, *aligned))
    assert said(corpus) == {
        "train_00001": ("sadness", "train"),
        "train_00002": ("surprise", "train"),
        "test_0001": ("neutral", "test"),
    }
    assert corpus.samples[0].media["image"] == tmp_path / aligned[0]
    assert corpus.labels.names == NAMES


def test_the_folder_may_be_the_one_around_basic(tmp_path):
    listed(tmp_path / "basic", "train_00001.jpg 5")
    pictures(tmp_path / "basic", "Image/aligned/train_00001_aligned.jpg")
    assert said(open_dataset(RAF_DB, tmp_path)) == {"train_00001": ("sadness", "train")}


def test_the_original_pictures_can_be_had(tmp_path):
    pictures(listed(tmp_path, "train_00001.jpg 5"), "Image/original/train_00001.jpg")
    sample = open_dataset(RAF_DB, tmp_path, {"pictures": "original"}).samples[0]
    assert sample.media["image"] == tmp_path / "Image/original/train_00001.jpg"


def test_a_missing_picture_is_skipped_with_its_path(tmp_path):
    pictures(
        listed(tmp_path, "train_00001.jpg 5", "train_00002.jpg 1"), "Image/aligned/train_00001_aligned.jpg"
    )
    (skipped,) = open_dataset(RAF_DB, tmp_path).skipped
    assert skipped.id == "train_00002"
    assert "train_00002_aligned.jpg does not exist" in skipped.reason


def test_all_malformed_lines_are_reported_at_once(tmp_path):
    wrong = ("train_00001.jpg 8", "train_00002.jpg", "../x.jpg 3", "dev_00001.jpg 3")
    listed(tmp_path, "train_00003.jpg 1", "", *wrong)
    with pytest.raises(DataError) as caught:
        open_dataset(RAF_DB, tmp_path)
    assert "has 4 problems" in str(caught.value)
    assert "line 3: 'train_00001.jpg 8' is not like 'train_00001.jpg 5', labels 1 to 7" in str(caught.value)


@pytest.mark.parametrize("first", [0, 1])
def test_numbers_of_class_folders_count_from_0_or_from_1(tmp_path, first):
    pictures(tmp_path, *[f"train/{first + k}/{k}.jpg" for k in range(7)], f"test/{first}/x.jpg")
    corpus = open_dataset(RAF_DB, tmp_path)
    assert [s.label for s in corpus.samples if s.split == "train"] == list(NAMES)
    assert [s.label for s in corpus.samples if s.split == "test"] == ["surprise"]


@pytest.mark.parametrize("numbers", ["123456", "01234567", "1"])
def test_numbers_that_do_not_tell_where_they_start_are_refused(tmp_path, numbers):
    pictures(tmp_path, *[f"train/{number}/a.jpg" for number in numbers])
    with pytest.raises(DataError, match="count from 0 or from 1"):
        open_dataset(RAF_DB, tmp_path)


def test_class_folders_may_have_names_in_any_spelling(tmp_path):
    pictures(tmp_path, "train/Happy/a.jpg", "train/Surprised/b.jpg", "test/ANGRY/c.jpg")
    assert said(open_dataset(RAF_DB, tmp_path)) == {
        "train/Happy/a.jpg": ("happiness", "train"),
        "train/Surprised/b.jpg": ("surprise", "train"),
        "test/ANGRY/c.jpg": ("anger", "test"),
    }


def test_a_folder_valid_is_the_test_part_unless_there_is_one(tmp_path):
    pictures(tmp_path, "train/fear/a.jpg", "valid/fear/b.jpg")
    assert {s.split for s in open_dataset(RAF_DB, tmp_path).samples} == {"train", "test"}
    pictures(tmp_path, "test/fear/c.jpg")
    assert said(open_dataset(RAF_DB, tmp_path))["valid/fear/b.jpg"] == ("fear", "validation")


def test_a_folder_that_is_no_class_is_named(tmp_path):
    with pytest.raises(DataError, match="no class is called contempt; known: surprise"):
        open_dataset(RAF_DB, pictures(tmp_path, "train/fear/a.jpg", "train/contempt/a.jpg"))


def test_class_folders_hold_no_originals(tmp_path):
    with pytest.raises(DataError, match="requires EmoLabel"):
        open_dataset(RAF_DB, pictures(tmp_path, "train/fear/a.jpg"), {"pictures": "original"})


def test_an_empty_tree_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"neither EmoLabel/list_patition_label\.txt nor folders train"):
        open_dataset(RAF_DB, tmp_path)
    (tmp_path / "train").mkdir()
    with pytest.raises(DataError, match="a folder of pictures for each class"):
        open_dataset(RAF_DB, tmp_path)


def test_an_unknown_kind_of_picture_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"data\.options\.pictures = 'cropped'"):
        open_dataset(RAF_DB, tmp_path, {"pictures": "cropped"})
