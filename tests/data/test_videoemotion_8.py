"""VideoEmotion-8: frames or clips, lists or JSON, and one name that two classes share."""

import json

import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import ConfigError, DataError
from affekt.core.labels import label_set
from affekt.data.open import open_dataset
from affekt.testing import check_dataset

VE8 = dataset("videoemotion_8")
NAMES = ("Anger", "Anticipation", "Disgust", "Fear", "Joy", "Sadness", "Surprise", "Trust")


def touch(path, text=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def frames(root, *clips, imgs="VideoEmotion8--imgs", count=20):
    for clip in clips:
        touch(root / imgs / clip / "000001.jpg")
        touch(root / imgs / clip / "n_frames", str(count))
    return root


def sounds(root, *clips, mp3="VideoEmotion8--mp3"):
    for clip in clips:
        touch(root / mp3 / f"{clip}.mp3")
    return root


def lists(root, train, test, split="01"):
    touch(root / f"trainlist{split}.txt", "\n".join(train) + "\n")
    touch(root / f"testlist{split}.txt", "\n".join(test) + "\n")
    return root


def entry(label, subset="training"):
    return {"subset": subset, "annotations": {"label": label}}


def annotated(root, entries, name="ve8_01.json"):
    touch(root / name, json.dumps({"labels": NAMES, "database": entries}))
    return root


def said(corpus):
    return {sample.id: (sample.label, sample.split, sorted(sample.media)) for sample in corpus.samples}


def test_the_adapter_keeps_the_contract():
    check_dataset("videoemotion_8")


def test_labels_are_capitalised_in_the_order_of_the_set_and_meet_others():
    assert VE8.labels is not None
    assert VE8.labels.names == NAMES
    assert VE8.labels.map_to(label_set("plutchik-8")) == {name: name.lower() for name in NAMES}
    assert [name for name in NAMES if VE8.labels.polarity_of(name) == "positive"] == [
        "Anticipation",
        "Joy",
        "Surprise",
        "Trust",
    ]


def test_the_tree_of_the_reference_gives_frames_and_sound(tmp_path):
    frames(tmp_path, "Surprise/clip_a", "Anger/clip_b")
    sounds(tmp_path, "Surprise/clip_a", "Anger/clip_b")
    annotated(tmp_path, {"clip_a": entry("Surprise"), "clip_b": entry("Anger", "validation")})
    corpus = open_dataset(VE8, tmp_path)
    assert said(corpus) == {
        "Surprise/clip_a": ("Surprise", "train", ["audio", "video"]),
        "Anger/clip_b": ("Anger", "test", ["audio", "video"]),
    }
    assert corpus.samples[0].media == {
        "video": tmp_path / "VideoEmotion8--imgs" / "Surprise" / "clip_a",
        "audio": tmp_path / "VideoEmotion8--mp3" / "Surprise" / "clip_a.mp3",
    }
    assert corpus.skipped == []


@pytest.mark.parametrize("around", ["", "VideoEmotion8"])
def test_the_tree_of_the_port_is_read_in_its_folder_or_around_it(tmp_path, around):
    home = tmp_path / around
    sounds(frames(home, "Joy/7", imgs="img"), "Joy/7", mp3="mp3")
    annotated(home, {"7": entry("Joy")}, "ve8_04.json")
    assert said(open_dataset(VE8, tmp_path, {"split": "04"})) == {
        "Joy/7": ("Joy", "train", ["audio", "video"])
    }


def test_annotations_may_lie_around_the_folder_of_the_tree(tmp_path):
    frames(tmp_path / "VideoEmotion8", "Joy/7", imgs="img")
    annotated(tmp_path, {"7": entry("Joy")})
    assert said(open_dataset(VE8, tmp_path)) == {"Joy/7": ("Joy", "train", ["video"])}


def test_original_clips_bring_their_own_sound(tmp_path):
    clip = touch(tmp_path / "Fear" / "clip_a.mp4")
    touch(tmp_path / "Fear" / "clip_b.AVI")
    lists(tmp_path, ["Fear/clip_a 4"], ["Fear/clip_b"])
    corpus = open_dataset(VE8, tmp_path)
    assert corpus.samples[0].media == {"video": clip, "audio": clip}
    assert said(corpus)["Fear/clip_b"] == ("Fear", "test", ["audio", "video"])


def test_a_clip_without_sound_is_read_as_video_alone(tmp_path):
    annotated(frames(tmp_path, "Joy/a"), {"a": entry("Joy")})
    assert said(open_dataset(VE8, tmp_path)) == {"Joy/a": ("Joy", "train", ["video"])}


def test_sounds_may_have_been_decoded_already(tmp_path):
    annotated(frames(tmp_path, "Joy/a"), {"a": entry("Joy")})
    wav = touch(tmp_path / "VideoEmotion8--mp3" / "Joy" / "a.wav")
    assert open_dataset(VE8, tmp_path).samples[0].media["audio"] == wav


def test_clips_without_frames_are_skipped_with_the_reason(tmp_path):
    frames(tmp_path, "Joy/good", "Joy/short", count=3)
    frames(tmp_path, "Joy/dropped", count=0)
    (tmp_path / "VideoEmotion8--imgs" / "Joy" / "empty").mkdir()
    annotated(tmp_path, {name: entry("Joy") for name in ("good", "short", "dropped", "empty", "none")})
    corpus = open_dataset(VE8, tmp_path)
    assert [sample.id for sample in corpus.samples] == ["Joy/good", "Joy/short"]
    reasons = {item.id: item.reason for item in corpus.skipped}
    assert "n_frames states 0" in reasons["Joy/dropped"]
    assert "contains no frame such as 000001.jpg" in reasons["Joy/empty"]
    assert "contains neither frames nor a clip called none for Joy" in reasons["Joy/none"]


def test_lists_tell_two_clips_of_one_name_apart(tmp_path):
    frames(tmp_path, "Disgust/twin", "Fear/twin")
    lists(tmp_path, ["Disgust/twin 3", "Fear/twin 4"], [])
    assert said(open_dataset(VE8, tmp_path)) == {
        "Disgust/twin": ("Disgust", "train", ["video"]),
        "Fear/twin": ("Fear", "train", ["video"]),
    }


def test_a_row_that_the_json_file_lost_is_reported(tmp_path):
    frames(tmp_path, "Disgust/twin", "Fear/twin", "Fear/other", "Joy/unlisted")
    annotated(tmp_path, {"twin": entry("Fear"), "other": entry("Fear")})
    corpus = open_dataset(VE8, tmp_path)
    assert [sample.id for sample in corpus.samples] == ["Fear/twin", "Fear/other"]
    (lost,) = corpus.skipped
    assert lost.id == "Disgust/twin"
    assert "it has no row for Disgust" in lost.reason


def test_a_key_that_stands_twice_in_the_json_file_is_two_clips(tmp_path):
    frames(tmp_path, "Disgust/twin", "Fear/twin")
    pairs = ", ".join(f'"twin": {json.dumps(entry(name))}' for name in ("Disgust", "Fear"))
    touch(tmp_path / "ve8_01.json", f'{{"labels": [], "database": {{{pairs}}}}}')
    corpus = open_dataset(VE8, tmp_path)
    assert [sample.id for sample in corpus.samples] == ["Disgust/twin", "Fear/twin"]
    assert corpus.skipped == []


def test_a_clip_that_lies_in_another_class_alone_is_of_that_class(tmp_path):
    annotated(frames(tmp_path, "Disgust/twin"), {"twin": entry("Fear")})
    corpus = open_dataset(VE8, tmp_path)
    assert said(corpus) == {"Disgust/twin": ("Disgust", "train", ["video"])}
    assert "states Fear, but the clip is in Disgust: it is read as Disgust" in corpus.skipped[0].reason


def test_a_key_with_its_class_means_no_other_clip(tmp_path):
    frames(tmp_path, "Disgust/5", "Fear/6")
    annotated(tmp_path, {"Fear/5": entry("Fear"), "Fear/6": entry("Fear")})
    corpus = open_dataset(VE8, tmp_path)
    assert [sample.id for sample in corpus.samples] == ["Fear/6"]
    assert [item.id for item in corpus.skipped] == ["Fear/5"]


def test_lists_win_over_the_json_file(tmp_path):
    annotated(frames(tmp_path, "Joy/a", "Joy/b"), {"a": entry("Joy"), "b": entry("Joy")})
    lists(tmp_path, ["Joy/b 5"], ["Joy/a"])
    assert {name: split for name, (_, split, _) in said(open_dataset(VE8, tmp_path)).items()} == {
        "Joy/b": "train",
        "Joy/a": "test",
    }


def test_class_numbers_are_those_of_their_file(tmp_path):
    lists(frames(tmp_path, "Joy/a"), ["Joy/a 1"], [])
    touch(tmp_path / "classInd.txt", "1 Joy\n2 Anger\n")
    assert list(said(open_dataset(VE8, tmp_path))) == ["Joy/a"]
    touch(tmp_path / "classInd.txt", "1 Joy\n2 Envy\n")
    with pytest.raises(DataError, match=r"classInd\.txt line 2: '2 Envy' is not like '1 Anger'"):
        open_dataset(VE8, tmp_path)


def test_names_of_clips_may_have_blanks_and_numbers(tmp_path):
    frames(tmp_path, "Joy/my day 3", "Anger/take 2", "Anger/take 3")
    lists(tmp_path, ["Joy/my day 3 5"], ["Anger/take 2", "Anger/take 3"])
    assert list(said(open_dataset(VE8, tmp_path))) == ["Joy/my day 3", "Anger/take 2", "Anger/take 3"]


def test_a_test_list_may_have_class_numbers(tmp_path):
    lists(frames(tmp_path, "Joy/a", "Fear/b"), [], ["Joy/a 5", "Fear/b 4"])
    assert list(said(open_dataset(VE8, tmp_path))) == ["Joy/a", "Fear/b"]


def test_all_wrong_lines_of_both_lists_are_reported_at_once(tmp_path):
    frames(tmp_path, "Joy/a")
    train = ["Joy/a 5", "Joy/b", "Envy/c 5", "Joy/d 4", "Joy/.. 5", "", "clip 5"]
    lists(tmp_path, train, ["Joy/a", "Joy/../../b"])
    with pytest.raises(DataError) as caught:
        open_dataset(VE8, tmp_path)
    text = str(caught.value)
    assert "has 7 problems" in text
    for part in (
        "trainlist01.txt line 2: 'Joy/b' is not like 'Anger/clip_a 1'",
        "trainlist01.txt line 3: 'Envy/c 5': Envy is not a class; known: Anger",
        "trainlist01.txt line 4: 'Joy/d 4': number 4 is not that of Joy",
        "trainlist01.txt line 5: 'Joy/.. 5': '..' cannot be the name of a clip",
        "trainlist01.txt line 7: 'clip 5' is not like",
        "testlist01.txt line 1: 'Joy/a' is listed twice",
        "testlist01.txt line 2: 'Joy/../../b': '../../b' cannot be the name of a clip",
    ):
        assert part in text


def test_all_wrong_entries_of_the_json_file_are_reported_at_once(tmp_path):
    wrong = {
        "a": entry("Envy"),
        "b": entry("Joy", "holdout"),
        "../c": entry("Joy"),
        "d": {"subset": "training"},
        "Fear/e": entry("Joy"),
        "f": 3,
    }
    annotated(frames(tmp_path, "Joy/a"), wrong)
    with pytest.raises(DataError) as caught:
        open_dataset(VE8, tmp_path)
    text = str(caught.value)
    assert "ve8_01.json has 6 problems" in text
    assert "'a': 'Envy' is not a class" in text
    assert "'b': subset 'holdout' is not one of training, validation" in text
    assert "'../c': the folder is not that of Joy" in text


@pytest.mark.parametrize("text", ["{", "[]", '{"database": []}', "[" * 100_000, '{"database": "\udcff"}'])
def test_a_file_that_is_no_annotation_is_refused(tmp_path, text):
    frames(tmp_path, "Joy/a")
    (tmp_path / "ve8_01.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DataError, match=r"ve8_01\.json (cannot be read|contains no object database)"):
        open_dataset(VE8, tmp_path)


def test_a_split_that_is_not_there_says_what_was_looked_for(tmp_path):
    annotated(frames(tmp_path, "Joy/a"), {"a": entry("Joy")})
    with pytest.raises(
        DataError, match=r"neither trainlist02\.txt and testlist02\.txt nor ve8_02\.json(.|\n)*'none'"
    ):
        open_dataset(VE8, tmp_path, {"split": "02"})
    touch(tmp_path / "trainlist02.txt", "Joy/a 5\n")
    with pytest.raises(DataError, match=r"contains only trainlist02\.txt"):
        open_dataset(VE8, tmp_path, {"split": "02"})


def test_all_clips_can_be_had_without_parts(tmp_path):
    frames(tmp_path, "Joy/a", "Fear/a")
    assert said(open_dataset(VE8, tmp_path, {"split": "none"})) == {
        "Fear/a": ("Fear", None, ["video"]),
        "Joy/a": ("Joy", None, ["video"]),
    }


def test_options_are_checked_and_a_number_of_a_split_may_be_one(tmp_path):
    annotated(frames(tmp_path, "Joy/a"), {"a": entry("Joy")})
    assert open_dataset(VE8, tmp_path, {"split": 1, "rate_hz": 30}).samples[0].facts == {"rate_hz": 30.0}
    for wrong in ({"split": "../x"}, {"split": 100}, {"rate_hz": 0}, {"rate_hz": float("inf")}):
        with pytest.raises(ConfigError, match=r"data\.options\.(split|rate_hz)"):
            open_dataset(VE8, tmp_path, wrong)


def test_of_two_sets_in_one_folder_its_own_is_read(tmp_path):
    frames(tmp_path, "Joy/a")
    frames(tmp_path, "joy/b", imgs="Ekman6--imgs")
    annotated(tmp_path, {"a": entry("Joy")})
    annotated(tmp_path, {"b": entry("joy")}, "ekman6_01.json")
    assert list(said(open_dataset(VE8, tmp_path))) == ["Joy/a"]
    assert list(said(open_dataset("ekman_6", tmp_path))) == ["joy/b"]


def test_several_sets_of_unknown_names_are_not_guessed_at(tmp_path):
    frames(tmp_path / "one", "Joy/a", imgs="img")
    frames(tmp_path / "two", "Joy/a", imgs="img")
    with pytest.raises(DataError, match=r"frames of several sets: .*one/img, .*two/img; give the folder"):
        open_dataset(VE8, tmp_path)


def test_folders_that_are_no_class_or_the_same_are_named(tmp_path):
    frames(tmp_path, "Joy/a", "happy/b", "Envy/c")
    with pytest.raises(DataError) as caught:
        open_dataset(VE8, tmp_path)
    assert "folder Envy is not a class" in str(caught.value)
    assert "folders Joy and happy are both Joy" in str(caught.value)


def test_files_that_are_no_clips_are_skipped(tmp_path):
    for name in ("a.mp4", "a.avi", "notes.txt", ".hidden"):
        touch(tmp_path / "Joy" / name)
    lists(tmp_path, ["Joy/a 5"], [])
    corpus = open_dataset(VE8, tmp_path)
    assert [item.id for item in corpus.skipped] == ["Joy/a.mp4", "Joy/notes.txt"]
    assert corpus.samples[0].media["video"].name == "a.avi"
    annotated(touch(frames(tmp_path / "x", "Joy/a") / "VideoEmotion8--imgs/Joy/b.mp4").parents[2], {})
    with pytest.raises(DataError, match=r"not one usable sample(.|\n)*b\.mp4 is not a folder of frames"):
        open_dataset(VE8, tmp_path / "x")


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(
        DataError, match=r"neither img nor a folder called \.\.\.--imgs(.|\n)*Anger/clip_a\.mp4"
    ):
        open_dataset(VE8, tmp_path)
