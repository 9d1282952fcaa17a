"""EmoryNLP: the table with clips and the full corpus in JSON."""

import json
from collections import Counter

import pytest

from affekt.core.errors import DataError
from affekt.data.open import open_dataset

HEADER = "Utterance,Speaker,Emotion,Scene_ID,Utterance_ID,Season,Episode,Start_Time,End_Time"


def row(words, scene, turn, *, who="['Ann Lee']", emotion="Neutral", episode=2):
    quoted = who.replace('"', '""')
    return f'{words},"{quoted}",{emotion},{scene},{turn},1,{episode},00:00:01.000,00:00:02.500'


def entry(words, turn, **values):
    values = {"speakers": ["Ann Lee"], "emotion": "Neutral", **values}
    return {"utterance_id": f"s01_e02_c03_u{turn:03}", "transcript": words, **values}


@pytest.fixture
def tables(tmp_path):
    def read(*rows, **options):
        for part in ("train", "dev", "test"):
            text = "\n".join([HEADER, *rows, ""])
            (tmp_path / f"emorynlp_{part}_final.csv").write_text(text)
        return open_dataset("emorynlp", tmp_path, options)

    return read


@pytest.fixture
def documents(tmp_path):
    def read(*turns, **options):
        document = {"episodes": [{"scenes": [{"utterances": list(turns)}]}]}
        for word in ("trn", "dev", "tst"):
            (tmp_path / f"emotion-detection-{word}.json").write_text(json.dumps(document))
        return open_dataset("emorynlp", tmp_path, options)

    return read


def train(corpus):
    return [sample for sample in corpus.samples if sample.split == "train"]


def test_a_dialogue_is_a_scene_of_an_episode(tables):
    found = train(tables(row("a", 1, 1), row("b", 1, 2), row("c", 2, 1), row("d", 1, 1, episode=3)))
    assert [s.dialogue for s in found] == [
        "train-s01_e02_c01", "train-s01_e02_c01", "train-s01_e02_c02", "train-s01_e03_c01",
    ]  # fmt: skip
    assert found[1].turn == 2 and found[1].span_s == (1.0, 2.5) and found[1].subject == found[1].dialogue


@pytest.mark.parametrize(
    ("stated", "speaker"),
    [("['Ann Lee', 'Ben']", "Ann Lee"), ('["Ann\'s Date"]', "Ann's Date"), ("[]", None)],
)
def test_the_first_of_several_speakers_is_taken(tables, stated, speaker):
    assert train(tables(row("a", 1, 1, who=stated)))[0].speaker == speaker


@pytest.mark.parametrize("stated", ["Ann", "[1]", "('Ann',)", "__import__('os').getcwd()", "[" * 500])
def test_anything_but_a_list_of_names_is_refused(tables, stated):
    with pytest.raises(DataError, match=r"line 2: Speaker .* is not a list of names"):
        tables(row("a", 1, 1, who=stated))


def test_sentiments_are_those_of_the_emotions(tables):
    lines = [row("a", 1, n, emotion=name) for n, name in enumerate(("Powerful", "Scared", "Neutral"))]
    assert [s.label for s in train(tables(*lines, label="sentiment"))] == ["positive", "negative", "neutral"]


def test_the_full_corpus_is_preferred_and_the_lines_with_clips_can_be_chosen(tables, documents):
    tables(row("clip", 1, 1))
    full = documents(entry("all", 1), entry("more", 2))
    assert [s.media["text"] for s in train(full)] == ["all", "more"]
    assert not any("lines with clips only" in text for text in full.problems)
    clips = documents(entry("all", 1), files="clips")
    assert [s.media["text"] for s in train(clips)] == ["clip"]
    assert any("lines with clips only" in text for text in clips.problems)


def test_a_turn_of_the_full_corpus_without_emotion_or_words_is_read_as_such(documents):
    corpus = documents(entry("a", 1, emotion=None), entry("", 2), entry("c", 3))
    assert [(s.turn, s.label) for s in train(corpus)] == [(1, None), (3, "Neutral")]
    assert [item.kind for item in corpus.skipped] == ["turns without words"] * 3


@pytest.mark.parametrize(
    ("turn", "message"),
    [
        ({"utterance_id": "x"}, "utterance 1: its utterance_id 'x' is not like"),
        (entry("a", 2, speakers="Ann"), "speakers 'Ann' is not a list of names"),
        (entry("a", 2, emotion="Glad"), "unknown emotion 'Glad'"),
        (entry("a", 1), "has a second turn 1"),
    ],
)
def test_wrong_entries_are_refused_with_their_place(documents, turn, message):
    with pytest.raises(DataError, match=message):
        documents(entry("a", 1), turn)


def test_another_document_is_refused(tmp_path):
    (tmp_path / "emotion-detection-trn.json").write_text('{"episodes": [1]}')
    with pytest.raises(DataError, match="is not JSON with episodes"):
        open_dataset("emorynlp", tmp_path)


def test_the_real_files_have_the_published_counts(shared):
    corpus = open_dataset("emorynlp", shared / "data" / "emorynlp")
    parts = {
        split: [s for s in corpus.samples if s.split == split] for split in ("train", "validation", "test")
    }
    assert [len(part) for part in parts.values()] == [7551, 954, 984]
    assert [len({s.dialogue for s in part}) for part in parts.values()] == [659, 89, 79]
    assert Counter(s.label for s in parts["test"]) == {
        "Joyful": 217, "Mad": 86, "Neutral": 288, "Peaceful": 111, "Powerful": 96, "Sad": 70, "Scared": 116,
    }  # fmt: skip
    assert [sum("speakers" in s.facts for s in part) for part in parts.values()] == [50, 4, 7]
