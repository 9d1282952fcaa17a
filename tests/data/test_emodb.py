"""Berlin EmoDB: names that say everything, or a table."""

from collections import Counter

import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.data.open import open_dataset
from affekt.testing import check_dataset

EMODB = dataset("emodb")
NAMES = ("anger", "boredom", "disgust", "fear", "happiness", "sadness", "neutral")


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


@pytest.fixture
def real(shared):
    if not (shared / "data" / "emodb" / "labels.csv").is_file():
        pytest.skip("EmoDB is absent")
    return shared / "data" / "emodb"


def test_the_adapter_keeps_the_contract():
    check_dataset("emodb")


def test_boredom_is_an_emotion_that_others_lack():
    mapped = label_set("emodb-7").map_to(label_set("ravdess-8"))
    assert (mapped["boredom"], mapped["happiness"], mapped["fear"]) == (None, "happy", "fearful")


@pytest.mark.parametrize("folder", ["wav", "."])
def test_a_name_says_who_felt_what(tmp_path, folder):
    (sample,) = open_dataset(EMODB, touch(tmp_path, f"{folder}/03a01Fa.wav")).samples
    assert (sample.id, sample.label, sample.subject, sample.split) == ("03a01Fa", "happiness", "03", None)
    assert sample.media == {"audio": tmp_path / folder / "03a01Fa.wav"}
    assert sample.facts == {"gender": "male", "text": "a01", "version": "a"}


def test_letters_are_those_of_the_german_words(tmp_path):
    touch(tmp_path, *[f"wav/08b0{place}{letter}a.wav" for place, letter in enumerate("WLEAFTN")])
    assert [sample.label for sample in open_dataset(EMODB, tmp_path).samples] == list(NAMES)


def test_names_that_say_nothing_are_skipped(tmp_path):
    touch(tmp_path, "wav/03a01Fa.wav", "wav/03a01Xa.wav", "wav/99a01Fa.wav", "wav/read.me")
    corpus = open_dataset(EMODB, tmp_path)
    assert [item.id for item in corpus.skipped] == ["wav/03a01Xa.wav", "wav/99a01Fa.wav", "wav/read.me"]
    assert "is not like 03a01Fa" in corpus.skipped[0].reason


def test_a_table_alone_counts_where_there_is_one(tmp_path):
    touch(tmp_path, "audio/x.flac", "wav/03a01Fa.wav")
    (tmp_path / "labels.csv").write_text("file,split,class,speaker,text\naudio/x.flac,val,boredom,3,a01\n")
    (sample,) = open_dataset(EMODB, tmp_path).samples
    assert (sample.id, sample.label, sample.subject, sample.split) == ("x", "boredom", "03", "validation")
    assert sample.facts == {"text": "a01"}


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"neither labels\.csv nor recordings such as wav/03a01Fa\.wav"):
        open_dataset(EMODB, tmp_path)


def test_the_real_recordings_are_counted_as_their_source_note_counts_them(real):
    corpus = open_dataset(EMODB, real)
    assert corpus.skipped == []
    classes = Counter((sample.split, sample.label) for sample in corpus.samples)
    assert {split: [classes[split, name] for name in NAMES] for split in ("train", "validation", "test")} == {
        "train": [57, 36, 25, 31, 32, 30, 34],
        "validation": [24, 15, 10, 13, 12, 9, 13],
        "test": [23, 18, 2, 16, 19, 16, 19],
    }
    speakers = {split: {s.subject for s in corpus.samples if s.split == split} for split in ("train", "test")}
    assert speakers == {"train": {"03", "14", "15", "16"}, "test": {"08", "11"}}


def test_names_and_table_of_the_real_recordings_agree(real):
    def known(corpus):
        return {s.id: (s.label, s.subject, s.media["audio"], s.facts) for s in corpus.samples}

    assert known(open_dataset(EMODB, real / "audio")) == known(open_dataset(EMODB, real))
