"""MELD: both editions of the text, the quirks of its numbers, and its clips."""

from collections import Counter

import pytest

from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.data.open import open_dataset

HEADER = (
    "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
)


def row(
    words, dialogue, turn, *, who="Ann", emotion="neutral", mood="neutral", start="0:00:01,000", **values
):
    end = values.get("end", "0:00:02,500")
    return f'7,"{words}",{who},{emotion},{mood},{dialogue},{turn},8,21,"{start}","{end}"'


@pytest.fixture
def meld(tmp_path):
    """A function that writes the tables of parts and reads the data set; missing parts get one dialogue."""

    def read(*rows, name="{}_sent_emo.csv", encoding="utf-8", folder=".", **options):
        home = tmp_path / folder
        home.mkdir(exist_ok=True, parents=True)
        other = [row("Hi.", 0, 0, who="Cleo", emotion="joy", mood="positive")]
        for part, lines in {"train": rows, "dev": other, "test": other}.items():
            text = "\r\n".join([HEADER, *lines, ""])
            (home / name.format(part)).write_bytes(text.encode(encoding))
        return open_dataset("meld", tmp_path, options)

    return read


def train(corpus):
    return [sample for sample in corpus.samples if sample.split == "train"]


def words(corpus):
    return [sample.media["text"] for sample in train(corpus)]


def test_a_turn_has_words_speaker_label_dialogue_and_time(meld):
    sample = train(
        meld(row("Oh no.", 12, 3, emotion="fear", mood="negative", start="0:16:16,059", end="0:16:21,731"))
    )[0]
    assert (sample.id, sample.dialogue, sample.subject, sample.turn) == (
        "train-12-3",
        "train-12",
        "train-12",
        3,
    )
    assert (sample.speaker, sample.label, sample.span_s) == ("Ann", "fear", (976.059, 981.731))
    assert sample.facts["sentiment"] == "negative" and sample.facts["episode"] == 21


def test_both_editions_of_the_text_become_the_same_words(meld):
    new = "It\u2019s\u2026 \u2018no\u2019\u2014a \u201ccafé\u201d \u2013 El niño\u2026"
    old = new.encode("cp1252").decode("latin-1")
    quoted = [text.replace('"', '""') for text in (new, old, new.replace(" ", "\u00a0"))]
    found = words(meld(*(row(text, 0, number) for number, text in enumerate(quoted))))
    assert set(found) == {"It's... 'no'-a \"café\" - El niño..."}


def test_double_blanks_within_a_line_become_one(meld):
    assert words(meld(row("No.  Not  now.", 0, 0))) == ["No. Not now."]


def test_turns_are_ordered_by_their_ids_and_keep_them_over_gaps(meld):
    corpus = meld(row("c", 2, 9), row("a", 2, 1), row("b", 2, 4), row("other", 5, 0))
    first = train(corpus)[0]
    assert [turn.turn for turn in first.around.turns] == [1, 4, 9]
    assert [turn.media["text"] for turn in first.around.turns] == ["a", "b", "c"]


def test_dialogues_of_different_parts_with_one_number_stay_apart(meld):
    corpus = meld(row("a", 0, 0), row("b", 0, 1))
    assert {sample.dialogue for sample in corpus.samples} == {"train-0", "dev-0", "test-0"}
    assert [len(sample.around.turns) for sample in corpus.samples] == [2, 2, 1, 1]


def test_a_repeated_serial_number_is_no_problem_but_a_repeated_turn_is(meld):
    assert len(train(meld(row("a", 0, 0), row("b", 0, 1)))) == 2
    with pytest.raises(DataError, match="line 3: dialogue 0 has a second turn 0"):
        meld(row("a", 0, 0), row("b", 0, 0))


def test_the_label_is_the_emotion_or_the_sentiment(meld):
    lines = [row("a", 0, 0, emotion="surprise", mood="negative")]
    assert [s.label for s in train(meld(*lines))] == ["surprise"]
    corpus = meld(*lines, label="sentiment")
    assert [s.label for s in train(corpus)] == ["negative"]
    assert corpus.labels == label_set("sentiment-3")


def test_an_unknown_emotion_is_an_error_with_its_line(meld):
    with pytest.raises(
        DataError,
        match=r"train_sent_emo.csv has 1 problem\n  line 3: unknown emotion 'joyy'; did you mean joy",
    ):
        meld(row("a", 0, 0), row("b", 0, 1, emotion="joyy"))


def test_a_turn_without_an_emotion_is_context(meld):
    first, last = train(meld(row("a", 0, 0, emotion=""), row("b", 0, 1)))
    assert first.label is None and len(last.around.turns) == 2


def test_speakers_of_several_parts_are_reported_and_not_refused(meld):
    corpus = meld(row("a", 0, 0, who="Cleo"), row("b", 0, 1, who="Ben"))
    (said,) = [text for text in corpus.problems if "speakers" in text]
    assert said.startswith(
        "1 of 1 speakers of validation, 1 of 1 speakers of test also speak in train, such as Cleo"
    )


def test_implausible_durations_are_reported(meld):
    corpus = meld(
        row("a", 0, 0, end="0:00:01,084"),
        row("b", 0, 1, end="0:05:01,000"),
        row("c", 0, 2, end="0:00:00,500"),
    )
    text = "\n".join(corpus.problems)
    assert "1 turn of 0.1 s or less, such as train-0-0 (0.084 s)" in text
    assert "1 turn of more than 30 s, such as train-0-1 (300 s)" in text
    assert "1 turn without a start and an end in seconds, such as train-0-2" in text


def test_the_older_names_of_files_and_a_folder_around_them_are_found(meld):
    corpus = meld(row("a", 0, 0), name="{}_meld_emo.csv", folder="MELD.Raw")
    assert Counter(sample.split for sample in corpus.samples) == {"train": 1, "validation": 1, "test": 1}


def test_a_missing_part_is_reported(meld, tmp_path):
    meld(row("a", 0, 0))
    (tmp_path / "test_sent_emo.csv").unlink()
    assert "no file of the test part was found" in open_dataset("meld", tmp_path).problems


@pytest.mark.parametrize(
    ("files", "media"),
    [
        (["videos/train/dia0_utt0.mp4", "audios/train/dia0_utt0.flac"], ("dia0_utt0.mp4", "dia0_utt0.flac")),
        (["train_splits/dia0_utt0.mp4"], ("dia0_utt0.mp4", "dia0_utt0.mp4")),
        (["train/train_splits/dia0_utt0.mp4"], ("dia0_utt0.mp4", "dia0_utt0.mp4")),
        (["audios/train/dia0_utt0.flac"], (None, "dia0_utt0.flac")),
    ],
)
def test_clips_are_found_and_their_time_begins_at_zero(meld, tmp_path, files, media):
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    corpus = meld(row("a", 0, 0), row("b", 0, 1))
    first, last = train(corpus)
    found = [first.media.get(name) for name in ("video", "audio")]
    assert tuple(path and path.name for path in found) == media
    assert first.span_s is None and (first.facts["start_s"], first.facts["end_s"]) == (1.0, 2.5)
    assert set(last.media) == {"text"} and last.span_s == (1.0, 2.5)
    for medium, path in zip(("picture", "sound"), media, strict=True):
        said = f"1 turn without {medium}, such as train-0-1: read without it"
        assert (said in corpus.problems) is (path is not None)


def test_the_real_files_have_the_published_counts(shared):
    corpus = open_dataset("meld", shared / "data" / "meld")
    parts = {
        split: [s for s in corpus.samples if s.split == split] for split in ("train", "validation", "test")
    }
    assert [len(part) for part in parts.values()] == [9989, 1109, 2610]
    assert [len({s.dialogue for s in part}) for part in parts.values()] == [1038, 114, 280]
    assert [len({s.speaker for s in part}) for part in parts.values()] == [260, 47, 100]
    assert Counter(s.label for s in parts["test"]) == {
        "anger": 345, "disgust": 68, "fear": 50, "joy": 402, "neutral": 1256, "sadness": 208, "surprise": 281,
    }  # fmt: skip
    assert Counter(s.facts["sentiment"] for s in parts["train"]) == {
        "neutral": 4710, "positive": 2334, "negative": 2945,
    }  # fmt: skip
    assert not corpus.skipped
    text = "".join(s.media["text"] for s in corpus.samples)
    assert {sign for sign in text if not sign.isascii()} == {"é", "ó"}
