"""Pictures of one's own: folders of classes, parts of such folders, or a manifest."""

import pytest
from PIL import Image

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.data.open import open_dataset
from affekt.media.image import image_of
from affekt.testing import check_dataset

IMAGES = dataset("images")


def pictures(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 6), "red").save(root / name)
    return root


def manifest(folder, *rows):
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


def by_id(corpus):
    return {sample.id: sample for sample in corpus.samples}


def test_the_adapter_keeps_the_contract():
    check_dataset("images")


def test_a_folder_is_a_class_and_its_name_the_label(tmp_path):
    pictures(tmp_path, "happy/a.jpg", "happy/deeper/b.PNG", "sad/sub-anna_c.webp")
    corpus = open_dataset(IMAGES, tmp_path)
    assert {name: (s.label, s.subject, s.split) for name, s in by_id(corpus).items()} == {
        "happy/a.jpg": ("happy", None, None),
        "happy/deeper/b.PNG": ("happy", None, None),
        "sad/sub-anna_c.webp": ("sad", "anna", None),
    }
    assert corpus.labels.names == ("happy", "sad")


def test_a_sample_has_the_path_and_its_picture_can_be_decoded(tmp_path):
    sample = open_dataset(IMAGES, pictures(tmp_path, "happy/a.png", "sad/b.png")).samples[0]
    assert sample.media == {"image": tmp_path / "happy/a.png"}
    assert image_of(sample).shape == (6, 8, 3)


def test_folders_of_parts_give_the_split(tmp_path):
    pictures(tmp_path, "train/happy/a.png", "train/sad/b.png", "val/sad/c.png", "test/happy/sub-ben_d.png")
    assert {
        name: (s.label, s.subject, s.split) for name, s in by_id(open_dataset(IMAGES, tmp_path)).items()
    } == {
        "train/happy/a.png": ("happy", None, "train"),
        "train/sad/b.png": ("sad", None, "train"),
        "val/sad/c.png": ("sad", None, "validation"),
        "test/happy/sub-ben_d.png": ("happy", "ben", "test"),
    }


def test_a_manifest_says_all_there_is_to_say(tmp_path):
    pictures(tmp_path, "faces/1.png", "faces/2.jpg", "other/3.png")
    rows = (
        "path,label,subject,split,id",
        "faces/1.png,sad,anna,train,one",
        "faces/2.jpg,happy,ben,test,",
        "faces/none.png,happy,,,",
    )
    corpus = open_dataset(IMAGES, manifest(tmp_path, *rows))
    assert {name: (s.label, s.subject, s.split) for name, s in by_id(corpus).items()} == {
        "one": ("sad", "anna", "train"),
        "faces/2.jpg": ("happy", "ben", "test"),
    }
    assert [item.id for item in corpus.skipped] == ["faces/none.png"]
    assert "does not exist or is not a file" in corpus.skipped[0].reason


def test_a_manifest_without_a_column_is_refused(tmp_path):
    with pytest.raises(DataError, match="lacks the column label; found path, emotion"):
        open_dataset(IMAGES, manifest(tmp_path, "path,emotion", "a.png,sad"))


def test_a_manifest_of_missing_pictures_says_so(tmp_path):
    with pytest.raises(DataError, match=r"not one usable sample was found .*a\.png does not exist"):
        open_dataset(IMAGES, manifest(tmp_path, "path,label", "a.png,sad", "b.png,happy"))


def test_a_file_that_is_no_picture_is_skipped_by_its_name(tmp_path):
    pictures(tmp_path, "happy/a.png", "sad/b.png")
    (tmp_path / "sad" / "notes.txt").write_text("x")
    (skipped,) = open_dataset(IMAGES, tmp_path).skipped
    assert skipped.id == "sad/notes.txt"
    assert "is not a picture by its name" in skipped.reason


def test_a_folder_without_pictures_is_no_class(tmp_path):
    pictures(tmp_path, "happy/a.png", "sad/b.png")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "read.pdf").write_text("x")
    assert open_dataset(IMAGES, tmp_path).labels.names == ("happy", "sad")


def test_the_order_of_labels_can_be_chosen(tmp_path):
    pictures(tmp_path, "happy/a.png", "sad/b.png")
    assert open_dataset(IMAGES, tmp_path, {"labels": ["sad", "happy"]}).labels.names == ("sad", "happy")
    with pytest.raises(DataError, match=r"labels sad are not among options\.labels"):
        open_dataset(IMAGES, tmp_path, {"labels": ["happy", "angry"]})
    with pytest.raises(ConfigError, match="at least two names"):
        open_dataset(IMAGES, tmp_path, {"labels": ["sad"]})


def test_a_folder_without_pictures_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"neither manifest\.csv nor a folder of pictures(.|\n)*\.jpg"):
        open_dataset(IMAGES, tmp_path)
    (tmp_path / "happy").mkdir()
    (tmp_path / "happy" / "a.txt").write_text("x")
    with pytest.raises(DataError, match="a folder of pictures for each class"):
        open_dataset(IMAGES, tmp_path)


def test_one_class_alone_is_refused(tmp_path):
    with pytest.raises(DataError, match="at least two classes are required, found happy"):
        open_dataset(IMAGES, pictures(tmp_path, "happy/a.png"))


def test_an_option_that_names_the_split_of_no_folder_is_refused(tmp_path):
    pictures(tmp_path, "train/happy/1.png", "train/sad/2.png", "heldout/happy/3.png", "heldout/sad/4.png")
    with pytest.raises(DataError, match=r"splits names held_out, but no folder .* did you mean heldout\?"):
        open_dataset(IMAGES, tmp_path, {"splits": {"held_out": "test", "heldout": "test"}})
