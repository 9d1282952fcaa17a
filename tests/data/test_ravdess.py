"""RAVDESS: names that say everything, or a table."""

from collections import Counter

import pytest

from affekt.core.catalog import dataset
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.data.open import open_dataset
from affekt.testing import check_dataset

RAVDESS = dataset("ravdess")
NAMES = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust", "surprised")
COLUMNS = "file,split,label,class,intensity,statement,repetition,actor,gender"


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def table(root, *rows, columns=COLUMNS):
    (root / "labels.csv").write_text("\n".join([columns, *rows]) + "\n")
    return root


@pytest.fixture
def real(shared):
    if not (shared / "data" / "ravdess_speech" / "labels.csv").is_file():
        pytest.skip("RAVDESS is absent")
    return shared / "data" / "ravdess_speech"


def test_the_adapter_keeps_the_contract():
    check_dataset("ravdess")


def test_labels_are_numbered_as_in_the_names_and_meet_other_sets():
    assert label_set("ravdess-8").names == NAMES
    mapped = label_set("ravdess-8").map_to(label_set("raf-7"))
    assert (mapped["fearful"], mapped["surprised"], mapped["calm"]) == ("fear", "surprise", None)


def test_a_name_says_who_felt_what(tmp_path):
    touch(tmp_path, "Actor_12/03-01-06-02-01-02-12.wav", "Actor_01/03-01-01-01-02-01-01.wav")
    first, second = open_dataset(RAVDESS, tmp_path).samples
    assert (first.id, first.label, first.subject, first.split) == (
        "03-01-01-01-02-01-01",
        "neutral",
        "01",
        None,
    )
    assert first.media == {"audio": tmp_path / "Actor_01/03-01-01-01-02-01-01.wav"}
    assert (second.label, second.subject) == ("fearful", "12")
    assert second.facts == {
        "intensity": "strong",
        "statement": "1",
        "repetition": "2",
        "gender": "female",
        "channel": "speech",
    }


def test_the_third_number_is_the_emotion(tmp_path):
    touch(tmp_path, *[f"Actor_01/03-01-0{n}-01-01-01-01.wav" for n in range(1, 9)])
    assert [sample.label for sample in open_dataset(RAVDESS, tmp_path).samples] == list(NAMES)


def test_speech_and_song_are_told_apart(tmp_path):
    touch(tmp_path, "Speech/Actor_01/03-01-02-01-01-01-01.wav", "Song/Actor_01/03-02-03-01-01-01-01.wav")
    speech, song = open_dataset(RAVDESS, tmp_path), open_dataset(RAVDESS, tmp_path, {"channel": "song"})
    assert [(s.label, s.facts["channel"]) for s in speech.samples] == [("calm", "speech")]
    assert [(s.label, s.facts["channel"]) for s in song.samples] == [("happy", "song")]
    assert speech.skipped == song.skipped == []


@pytest.mark.parametrize(("number", "media"), [("01", ["audio", "video"]), ("02", ["video"])])
def test_videos_bring_what_their_modality_says(tmp_path, number, media):
    touch(tmp_path, f"Actor_01/{number}-01-02-01-01-01-01.mp4")
    assert [sorted(sample.media) for sample in open_dataset(RAVDESS, tmp_path).samples] == [media]


def test_one_of_several_modalities_must_be_chosen(tmp_path):
    touch(tmp_path, *[f"Actor_01/0{n}-01-02-01-01-01-01.mp4" for n in (1, 2)])
    with pytest.raises(DataError, match=r"contains speech as video, video_audio(.|\n)*option modality"):
        open_dataset(RAVDESS, tmp_path)
    (sample,) = open_dataset(RAVDESS, tmp_path, {"modality": "video_audio"}).samples
    assert sample.id == "01-01-02-01-01-01-01"


def test_what_was_asked_for_and_is_not_there_is_named(tmp_path):
    touch(tmp_path, "Actor_01/03-01-02-01-01-01-01.wav")
    with pytest.raises(DataError, match="contains no usable song; by their names, files are speech as audio"):
        open_dataset(RAVDESS, tmp_path, {"channel": "song"})
    with pytest.raises(DataError, match="no usable speech as video; by their names"):
        open_dataset(RAVDESS, tmp_path, {"modality": "video"})


def test_names_that_say_nothing_and_copies_are_skipped(tmp_path):
    touch(tmp_path, "a/03-01-02-01-01-01-01.wav", "b/03-01-02-01-01-01-01.wav", "b/take1.wav", "b/notes.txt")
    touch(tmp_path, "b/03-01-09-01-01-01-01.wav", "b/03-01-01-01-01-01-25.wav", "b/.03-01-02-01-01-02-01.wav")
    corpus = open_dataset(RAVDESS, tmp_path)
    assert [sample.id for sample in corpus.samples] == ["03-01-02-01-01-01-01"]
    assert [item.id for item in corpus.skipped] == [
        "b/03-01-01-01-01-01-25.wav",
        "b/03-01-02-01-01-01-01.wav",
        "b/03-01-09-01-01-01-01.wav",
        "b/take1.wav",
        "b/notes.txt",
    ]
    assert "with each number in its range" in corpus.skipped[0].reason
    assert "a/03-01-02-01-01-01-01.wav, which is read" in corpus.skipped[1].reason


def test_a_folder_of_other_sounds_says_so(tmp_path):
    with pytest.raises(DataError, match=r"not one usable sample(.|\n)*take1 is not like 03-01-05"):
        open_dataset(RAVDESS, touch(tmp_path, "take1.wav"))


def test_a_table_alone_counts_where_there_is_one(tmp_path):
    touch(tmp_path, "audio/a.flac", "audio/b.flac", "audio/03-01-02-01-01-01-01.flac")
    table(tmp_path, "audio/a.flac,val,5,fearful,strong,2,1,7,male", "audio/b.flac,,,Sad,normal,1,1,08,female")
    first, second = open_dataset(RAVDESS, tmp_path).samples
    assert (first.id, first.label, first.subject, first.split) == ("a", "fearful", "07", "validation")
    assert first.media == {"audio": tmp_path / "audio/a.flac"}
    assert first.facts == {"intensity": "strong", "statement": "2", "repetition": "1", "gender": "male"}
    assert (second.label, second.subject, second.split) == ("sad", "08", None)


def test_a_recording_of_the_table_that_is_missing_is_skipped(tmp_path):
    table(touch(tmp_path, "a.wav"), "a.wav,train,0,neutral,,,,1,", "b.wav,train,1,calm,,,,1,")
    (skipped,) = open_dataset(RAVDESS, tmp_path).skipped
    assert skipped.id == "b"
    assert "does not exist" in skipped.reason


def test_all_wrong_rows_are_reported_at_once(tmp_path):
    table(
        tmp_path,
        "a.wav,train,0,neutral,,,,1,",
        "../b.wav,trian,0,neutral,,,,1,",
        "c.wav,train,0,calm,,,,one,",
        "d.wav,train,,envy,,,,1,",
        ",train,0,neutral,,,,1,",
        "x/a.wav,train,0,neutral,,,,1,",
        "e.wav,train,0,neutral,,,,1,,7",
        "f\\g.wav,train,0,neutral",
    )
    with pytest.raises(DataError) as caught:
        open_dataset(RAVDESS, tmp_path)
    text = str(caught.value)
    assert "has 7 problems" in text
    for part in (
        "line 3: '../b.wav' points outside the folder; unknown split 'trian'; did you mean train?",
        "line 4: label 0 is not the number of calm, 1; actor 'one' is not a number",
        "line 5: unknown class 'envy'; known: neutral",
        "line 6: the file is empty",
        "line 7: a is already in line 2",
        "line 8: more cells than columns",
        "line 9: 'f\\\\g.wav' must use / between folders, on every system; actor None is not a number",
    ):
        assert part in text


def test_a_table_without_a_column_is_refused(tmp_path):
    with pytest.raises(DataError, match="lacks the column actor; found file, split, class"):
        open_dataset(RAVDESS, table(tmp_path, "a.wav,train,sad", columns="file,split,class"))


def test_an_empty_folder_says_what_was_looked_for(tmp_path):
    with pytest.raises(DataError, match=r"neither labels\.csv nor recordings such as Actor_01/03-01-05"):
        open_dataset(RAVDESS, tmp_path)


def test_the_real_recordings_are_counted_as_their_source_note_counts_them(real):
    corpus = open_dataset(RAVDESS, real)
    assert corpus.skipped == []
    assert Counter(sample.split for sample in corpus.samples) == {
        "train": 960,
        "validation": 120,
        "test": 120,
    }
    classes = Counter((sample.split, sample.label) for sample in corpus.samples)
    for split, neutral in (("train", 64), ("validation", 8), ("test", 8)):
        counts = [classes[split, name] for name in NAMES]
        assert counts == [neutral] + [2 * neutral] * 7
    actors = {sample.subject for sample in corpus.samples if sample.split == "train"}
    assert actors == {f"{number:02d}" for number in range(1, 17)}


def test_names_and_table_of_the_real_recordings_agree(real):
    def known(corpus):
        keys = ("intensity", "statement", "repetition", "gender")
        return {
            s.id: (s.label, s.subject, s.media["audio"], *(s.facts[key] for key in keys))
            for s in corpus.samples
        }

    assert known(open_dataset(RAVDESS, real / "audio")) == known(open_dataset(RAVDESS, real))


def test_a_recording_that_lies_there_twice_is_read_once_and_counted(tmp_path):
    name = "Actor_01/03-01-01-01-02-01-01.wav"
    touch(tmp_path, name, f"audio_speech_actors_01-24/{name}", "Actor_01/._03-01-01-01-02-01-01.wav")
    corpus = open_dataset(RAVDESS, tmp_path)
    assert len(corpus.samples) == 1
    assert [item.kind for item in corpus.skipped] == ["second copies"]


def test_another_file_under_a_name_that_is_taken_is_counted_apart(tmp_path):
    touch(tmp_path, "Actor_01/03-01-01-01-02-01-01.wav", "new/03-01-01-01-02-01-01.wav")
    (tmp_path / "new" / "03-01-01-01-02-01-01.wav").write_bytes(b"other")
    assert [item.kind for item in open_dataset(RAVDESS, tmp_path).skipped] == [
        "other files with the name of a file that was read"
    ]


def test_a_recording_in_the_folder_of_another_actor_is_reported(tmp_path):
    touch(tmp_path, "Actor_02/03-01-01-01-02-01-01.wav", "Actor_02/03-01-01-01-02-01-02.wav")
    (problem,) = open_dataset(RAVDESS, tmp_path).problems
    assert problem.startswith("1 recording in a folder of another speaker than their name states")


def test_a_table_that_contradicts_a_name_is_reported(tmp_path):
    touch(tmp_path, "audio/03-01-01-01-02-01-01.wav", "audio/03-01-03-01-02-01-02.wav")
    table(
        tmp_path,
        "audio/03-01-01-01-02-01-01.wav,Train,,angry,normal,2,1,1,male",
        "audio/03-01-03-01-02-01-02.wav,,,happy,normal,2,1,2,female",
    )
    corpus = open_dataset(RAVDESS, tmp_path)
    assert [sample.split for sample in corpus.samples] == ["train", None]
    assert "1 recording whose table and name contradict each other" in corpus.problems[0]
    assert "table: angry, 01; name: neutral, 01" in corpus.problems[0]
