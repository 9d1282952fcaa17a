"""Frames, sound and spoken words by class: stems, numbers, sessions."""

from pathlib import Path

import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import DataError
from affekt.data.open import open_dataset
from affekt.testing import check_dataset

CLIPS = dataset("emotion_clips")


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def frames(root, *clips):
    return touch(root, *[f"img/{clip}/000001.jpg" for clip in clips])


def test_the_adapter_keeps_the_contract():
    check_dataset("emotion_clips")


def test_frames_sound_and_words_of_one_name_belong_together(tmp_path):
    home = touch(frames(tmp_path / "ERATO", "tense/a", "Mild/b.1"), "mp3/tense/a.mp3", "srt/Mild/b.1.srt")
    corpus = open_dataset(CLIPS, tmp_path)
    assert {sample.id: dict(sample.media) for sample in corpus.samples} == {
        "Mild/b.1": {"video": home / "img/Mild/b.1", "text": home / "srt/Mild/b.1.srt"},
        "tense/a": {"video": home / "img/tense/a", "audio": home / "mp3/tense/a.mp3"},
    }
    assert [(s.label, s.subject, s.split) for s in corpus.samples] == [
        ("Mild", None, None),
        ("tense", None, None),
    ]
    assert corpus.labels.names == ("Mild", "tense")


def test_the_order_of_labels_can_be_chosen(tmp_path):
    frames(tmp_path, "Angry/a", "Sad/b")
    assert open_dataset(CLIPS, tmp_path, {"labels": ["Sad", "Angry"]}).labels.names == ("Sad", "Angry")
    with pytest.raises(DataError, match=r"labels Sad are not among options\.labels"):
        open_dataset(CLIPS, tmp_path, {"labels": ["Angry", "Happy"]})


def test_one_class_alone_is_refused(tmp_path):
    with pytest.raises(DataError, match="at least two classes are required, found Angry"):
        open_dataset(CLIPS, frames(tmp_path, "Angry/a"))


def test_a_sound_without_clip_is_skipped_with_a_hint_at_numbers(tmp_path):
    touch(frames(tmp_path, "Angry/a", "Sad/b"), "mp3/Angry/1.mp3", "mp3/Sad/b.mp3")
    corpus = open_dataset(CLIPS, tmp_path)
    assert [sorted(sample.media) for sample in corpus.samples] == [["video"], ["audio", "video"]]
    (skipped,) = corpus.skipped
    assert skipped.id == "Angry/1.mp3"
    assert "sound_names = 'numbers'" in skipped.reason


def test_numbered_sounds_are_those_of_the_sorted_clips(tmp_path):
    touch(frames(tmp_path, "Angry/b", "Angry/a", "Sad/z"), *[f"mp3/Angry/{n}.mp3" for n in (1, 2)])
    touch(tmp_path, "mp3/Sad/1.mp3")
    corpus = open_dataset(CLIPS, tmp_path, {"sound_names": "numbers"})
    assert {sample.id: sample.media["audio"].name for sample in corpus.samples} == {
        "Angry/a": "1.mp3",
        "Angry/b": "2.mp3",
        "Sad/z": "1.mp3",
    }
    assert corpus.skipped == []


def test_numbers_that_do_not_match_the_clips_are_all_reported(tmp_path):
    touch(frames(tmp_path, "Angry/b", "Angry/a", "Sad/z"), "mp3/Angry/1.mp3", "mp3/Sad/z.mp3")
    with pytest.raises(DataError) as caught:
        open_dataset(CLIPS, tmp_path, {"sound_names": "numbers"})
    assert "Angry has 2 clips, but 1 sound; 1 to 2 were expected" in str(caught.value)
    assert "Sad has 1 clip, but 1 sound, such as z; 1 to 1 were expected" in str(caught.value)


def test_a_session_is_the_subject_where_that_is_asked_for(tmp_path):
    frames(tmp_path, "Angry/Ses01F_impro01_F012", "Sad/Ses02M_script01_1_M003")
    assert [s.subject for s in open_dataset(CLIPS, tmp_path).samples] == [None, None]
    corpus = open_dataset(CLIPS, tmp_path, {"subject": "iemocap_session"})
    assert [sample.subject for sample in corpus.samples] == ["Ses01", "Ses02"]
    frames(tmp_path, "Sad/other")
    with pytest.raises(DataError, match="Sad/other contains no session"):
        open_dataset(CLIPS, tmp_path, {"subject": "iemocap_session"})


def test_a_clip_without_frames_is_skipped_and_the_rate_is_a_fact(tmp_path):
    frames(tmp_path, "Angry/a", "Sad/b")
    (tmp_path / "img/Sad/empty").mkdir()
    corpus = open_dataset(CLIPS, tmp_path, {"rate_hz": 30})
    assert [item.id for item in corpus.skipped] == ["Sad/empty"]
    assert corpus.samples[0].facts == {"rate_hz": 30.0}


def test_folders_without_any_frame_give_no_corpus(tmp_path):
    for clip in ("Angry/a", "Sad/b"):
        (tmp_path / "img" / clip).mkdir(parents=True)
    with pytest.raises(DataError, match=r"not one usable sample was found(.|\n)*contains no frame"):
        open_dataset(CLIPS, tmp_path)


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"as in img/Happy/clip_a/000001\.jpg"):
        open_dataset(CLIPS, tmp_path)


def frame(root, *names):
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "000001.jpg").touch()


def test_splits_are_recognised_in_the_folder_of_frames(tmp_path):
    frame(tmp_path, "img/Training/Happy/a", "img/Training/Sad/b", "img/test/Sad/c", "img/__MACOSX/Sad/d")
    (tmp_path / "mp3" / "Training" / "Happy").mkdir(parents=True)
    (tmp_path / "mp3" / "Training" / "Happy" / "a.MP3").touch()
    found = {sample.id: sample for sample in open_dataset(CLIPS, tmp_path).samples}
    assert {name: (sample.label, sample.split) for name, sample in found.items()} == {
        "Training/Happy/a": ("Happy", "train"),
        "Training/Sad/b": ("Sad", "train"),
        "test/Sad/c": ("Sad", "test"),
    }
    assert "audio" in found["Training/Happy/a"].media


def test_splits_are_recognised_around_the_folder_of_frames(tmp_path):
    frame(tmp_path, "train/img/Happy/a", "train/img/Sad/b", "Test/img/Sad/c")
    assert {s.id: s.split for s in open_dataset(CLIPS, tmp_path).samples} == {
        "train/Happy/a": "train",
        "train/Sad/b": "train",
        "Test/Sad/c": "test",
    }


def test_a_folder_of_clips_beside_splits_is_refused(tmp_path):
    frame(tmp_path, "img/train/Happy/a", "img/test/Sad/b", "img/later/Sad/c")
    with pytest.raises(DataError, match="later are beside folders of splits"):
        open_dataset(CLIPS, tmp_path)


def test_spellings_of_a_class_stop_until_an_option_merges_them_in_frames(tmp_path):
    frame(tmp_path, "img/Happy/a", "img/happy/b", "img/happy/c", "img/Sad/d")
    with pytest.raises(DataError, match="look like one class"):
        open_dataset(CLIPS, tmp_path)
    merged = open_dataset(CLIPS, tmp_path, {"merge_spellings": True})
    assert {sample.id: sample.label for sample in merged.samples}["Happy/a"] == "happy"


def test_a_class_folder_that_cannot_be_read_is_counted(tmp_path, monkeypatch):
    frame(tmp_path, "img/Happy/a", "img/Sad/b", "img/Closed/c")
    listing = Path.iterdir

    def refuse(path):
        if path.name == "Closed":
            raise PermissionError(13, "Permission denied")
        return listing(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    corpus = open_dataset(CLIPS, tmp_path)
    assert corpus.labels.names == ("Happy", "Sad")
    assert [(item.id, item.kind) for item in corpus.skipped] == [("Closed", "folders that cannot be read")]
