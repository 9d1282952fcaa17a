"""Clips of one's own: folders of classes, parts of such folders, or a manifest."""

import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.data.open import open_dataset
from affekt.media import sound, video
from affekt.testing import check_dataset

CLIPS = dataset("clips")


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def manifest(folder, *rows):
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


def said(corpus):
    return {s.id: (s.label, s.subject, s.split, sorted(s.media)) for s in corpus.samples}


def test_the_adapter_keeps_the_contract():
    check_dataset("clips")


def test_a_video_is_taken_to_have_sound_and_a_sound_no_picture(tmp_path):
    touch(tmp_path, "happy/a.mp4", "happy/deeper/b.MOV", "sad/sub-anna_c.wav")
    corpus = open_dataset(CLIPS, tmp_path)
    assert said(corpus) == {
        "happy/a.mp4": ("happy", None, None, ["audio", "video"]),
        "happy/deeper/b.MOV": ("happy", None, None, ["audio", "video"]),
        "sad/sub-anna_c.wav": ("sad", "anna", None, ["audio"]),
    }
    assert corpus.samples[0].media == {"video": tmp_path / "happy/a.mp4", "audio": tmp_path / "happy/a.mp4"}
    assert corpus.labels.names == ("happy", "sad")


def test_no_suffix_is_that_of_video_and_of_sound():
    assert not set(video.SUFFIXES) & set(sound.SUFFIXES)


def test_folders_of_parts_give_the_split(tmp_path):
    touch(tmp_path, "train/happy/a.mp4", "val/sad/c.mp4", "test/happy/sub-ben_d.mp3")
    assert said(open_dataset(CLIPS, tmp_path)) == {
        "train/happy/a.mp4": ("happy", None, "train", ["audio", "video"]),
        "val/sad/c.mp4": ("sad", None, "validation", ["audio", "video"]),
        "test/happy/sub-ben_d.mp3": ("happy", "ben", "test", ["audio"]),
    }


def test_a_manifest_says_all_there_is_to_say(tmp_path):
    touch(tmp_path, "clips/1.mp4", "clips/frames/000001.jpg", "clips/empty/notes.txt", "other/3.mp4")
    rows = (
        "path,label,subject,split,id",
        "clips/1.mp4,sad,anna,train,one",
        "clips/frames,happy,ben,test,",
        "clips/empty,happy,,,",
        "clips/none.mp4,happy,,,",
        f"clips/{'long' * 100}.mp4,happy,,,long",
    )
    corpus = open_dataset(CLIPS, manifest(tmp_path, *rows))
    assert said(corpus) == {
        "one": ("sad", "anna", "train", ["audio", "video"]),
        "clips/frames": ("happy", "ben", "test", ["video"]),
    }
    reasons = {item.id: item.reason for item in corpus.skipped}
    assert "contains no frame" in reasons["clips/empty"]
    assert "does not exist or is not a file" in reasons["clips/none.mp4"]
    assert "cannot be read: File name too long" in reasons["long"]


def test_a_manifest_that_leads_out_of_its_folder_is_refused(tmp_path):
    with pytest.raises(DataError, match="has 2 problems"):
        open_dataset(CLIPS, manifest(tmp_path, "path,label", "../a.mp4,sad", "/b.mp4,happy"))


def test_a_file_that_is_no_clip_is_skipped_by_its_name(tmp_path):
    touch(tmp_path, "happy/a.mp4", "sad/b.mp4", "sad/notes.txt", "papers/read.pdf")
    corpus = open_dataset(CLIPS, tmp_path)
    assert [item.id for item in corpus.skipped] == ["papers/read.pdf", "sad/notes.txt"]
    assert corpus.labels.names == ("happy", "sad")


def test_the_order_of_labels_can_be_chosen(tmp_path):
    touch(tmp_path, "happy/a.mp4", "sad/b.mp4")
    assert open_dataset(CLIPS, tmp_path, {"labels": ["sad", "happy"]}).labels.names == ("sad", "happy")
    with pytest.raises(DataError, match=r"labels sad are not among options\.labels"):
        open_dataset(CLIPS, tmp_path, {"labels": ["happy", "angry"]})
    with pytest.raises(ConfigError, match="at least two names"):
        open_dataset(CLIPS, tmp_path, {"labels": ["sad"]})


def test_a_folder_without_clips_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"neither manifest\.csv nor a folder of clips(.|\n)*\.mp4"):
        open_dataset(CLIPS, touch(tmp_path, "happy/a.txt"))
