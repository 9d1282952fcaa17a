"""Dialogues of one's own: files, columns, turns, and what people get wrong."""

import json

import pytest

from affekt.core.errors import ConfigError, DataError, UsageError
from affekt.core.recipe import SplitSettings
from affekt.data.open import open_dataset
from affekt.engine.splits import part

HEADER = "dialogue,turn,speaker,text,label,start,end,split"


@pytest.fixture
def read(tmp_path):
    """A function that writes files by name (rows, or lines of JSON) and reads them."""

    def read(files, *, header=HEADER, strict=True, **options):
        for name, rows in files.items():
            if name.endswith(".jsonl"):
                text = "\n".join(json.dumps(row) for row in rows)
            else:
                text = "\n".join([header, *rows, ""])
            (tmp_path / name).write_text(text, encoding="utf-8")
        return open_dataset("dialogues", tmp_path, options, strict=strict)

    return read


TALK = ["a,0,Ann,Hi.,joy,0:01.5,0:02,train", "a,1,Ben,No.,anger,2,3.25,train", "b,0,Ann,So.,joy,,,test"]


def test_a_turn_has_all_that_its_line_states(read):
    corpus = read({"talk.csv": TALK})
    first, second, third = corpus.samples
    assert (first.id, first.media["text"], first.speaker, first.label) == ("a-0", "Hi.", "Ann", "joy")
    assert (first.dialogue, first.subject, first.turn, first.split) == ("a", "a", 0, "train")
    assert (first.span_s, second.span_s, third.span_s) == ((1.5, 2.0), (2.0, 3.25), None)
    assert [turn.id for turn in second.around.turns] == ["a-0", "a-1"]
    assert corpus.labels.names == ("anger", "joy")


def test_the_data_root_may_be_the_file(read, tmp_path):
    read({"talk.csv": TALK})
    assert len(open_dataset("dialogues", tmp_path / "talk.csv").samples) == 3
    (tmp_path / "talk.txt").touch()
    with pytest.raises(DataError, match=r"is not a file of lines"):
        open_dataset("dialogues", tmp_path / "talk.txt")


def test_jsonl_needs_words_and_dialogue_alone_and_counts_lines_as_turns(read):
    rows = [
        {"dialogue": 7, "text": word, "label": label} for word, label in (("a", "x"), ("b", "y"), ("c", None))
    ]
    corpus = read({"talk.jsonl": rows})
    assert [(s.dialogue, s.turn, s.label, s.speaker) for s in corpus.samples] == [
        ("7", 0, "x", None), ("7", 1, "y", None), ("7", 2, None, None),
    ]  # fmt: skip


def test_columns_may_have_other_names(read):
    corpus = read(
        {"talk.csv": ["1;Hi, all.;Joy", "1;No.;Anger"]},
        header="Dialogue_ID;Utterance;Emotion",
        columns={"dialogue": "Dialogue_ID", "text": "Utterance", "label": "Emotion"},
    )
    assert [s.media["text"] for s in corpus.samples] == ["Hi, all.", "No."]
    assert corpus.problems == ("talk.csv: cells are separated by semicolons",)


def test_a_missing_column_is_named_with_what_to_do(read):
    with pytest.raises(
        DataError, match=r'lacks the column text; found dialogue, Utterance; options.columns .*"Utterance"'
    ):
        read({"talk.csv": ["1,Hi."]}, header="dialogue,Utterance")
    with pytest.raises(UsageError, match=r"options.columns names 'texts'; did you mean text\?"):
        read({"talk.csv": TALK}, columns={"texts": "Utterance"})


def test_files_named_after_parts_are_parts_with_dialogues_of_their_own(read):
    corpus = read({"train.csv": ["1,Hi.,joy"], "dev.csv": ["1,No.,anger"]}, header="dialogue,text,label")
    assert [(s.dialogue, s.split) for s in corpus.samples] == [("dev-1", "validation"), ("train-1", "train")]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("train.csv", "talk.csv"), r"the name of talk.csv is not that of a part .* \{talk = \"test\"\}"),
        (("val.csv", "dev.csv"), "dev.csv and val.csv in .* are both the validation part"),
    ],
)
def test_files_that_cannot_be_assigned_to_parts_are_refused(read, names, message):
    with pytest.raises(DataError, match=message):
        read({name: ["1,Hi.,joy"] for name in names}, header="dialogue,text,label")


def test_turns_are_ordered_by_their_numbers(read):
    corpus = read({"talk.csv": ["a,10,Ann,last,joy,,,", "a,2,Ben,first,anger,,,"]})
    assert [turn.media["text"] for turn in corpus.samples[0].around.turns] == ["first", "last"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["a,0,Ann,Hi.,joy,,,", "a,0,Ann,No.,sad,,,"], "talk.csv line 3: dialogue a has a second turn 0"),
        (["a,0,Ann,Hi.,joy,,,", "a,,Ann,No.,sad,,,"], "line 3: turn '' of dialogue a is not a whole number"),
        (["a,one,Ann,Hi.,joy,,,"], "line 2: turn 'one' of dialogue a is not a whole number"),
        ([",0,Ann,Hi.,joy,,,"], "line 2: it states no dialogue"),
        (["a,0,Ann,Hi.,joy,,,sometimes"], "line 2: unknown split 'sometimes'"),
    ],
)
def test_wrong_lines_are_refused_with_their_numbers(read, rows, message):
    with pytest.raises(DataError, match=message):
        read({"talk.csv": rows})


def test_a_dialogue_in_two_parts_stops_training(read):
    rows = ["a,0,Ann,Hi.,joy,,,train", "a,1,Ben,No.,sad,,,test"]
    with pytest.raises(
        DataError, match="1 dialogue with turns in several parts, such as a in train and test"
    ):
        read({"talk.csv": rows})
    assert len(read({"talk.csv": rows}, strict=False).samples) == 2


def test_a_name_that_two_dialogues_seem_to_have_is_reported(read):
    rows = ["1,Hi.,joy", "2,No.,sad", "1,Ho.,joy"]
    corpus = read({"talk.csv": rows}, header="dialogue,text,label")
    assert "1 dialogue in several places of a file without numbers of turns, such as 1" in corpus.problems[0]


def test_labels_in_several_spellings_stop_training_until_they_are_merged(read):
    rows = ["a,0,Ann,Hi.,joy,,,", "a,1,Ann,Ho.,Joy,,,", "a,2,Ann,No.,sad,,,"]
    with pytest.raises(DataError, match=r"options.merge_spellings = true merges them"):
        read({"talk.csv": rows})
    corpus = read({"talk.csv": rows}, merge_spellings=True, labels=["sad", "joy"])
    assert corpus.labels.names == ("sad", "joy") and [s.label for s in corpus.samples] == [
        "joy",
        "joy",
        "sad",
    ]


def test_a_label_that_is_not_among_the_stated_ones_is_refused(read):
    with pytest.raises(DataError, match=r"labels joy are not among options.labels \(anger, sad\)"):
        read({"talk.csv": TALK}, labels=["anger", "sad"])
    with pytest.raises(ConfigError, match="at least two names are required"):
        read({"talk.csv": TALK}, labels=["joy"])


def test_turns_without_words_are_listed(read):
    corpus = read({"talk.csv": [*TALK, "b,1,Ben, ,joy,,,test", "", ",,,,,,,"]})
    assert [str(item) for item in corpus.skipped] == [
        "talk.csv line 6: the line is empty",
        "talk.csv line 7: the line is empty",
        "talk.csv line 5: it has no words",
    ]


def test_folds_keep_dialogues_whole(read):
    rows = [
        f"d{n},{turn},Ann,word {turn},{'joy' if (n + turn) % 2 else 'sad'},,,"
        for n in range(12)
        for turn in range(4)
    ]
    parts = part(read({"talk.csv": rows}).usable, SplitSettings(scheme="k_fold", folds=3))
    dialogues = [{s.dialogue for s in found} for found in (parts.train, parts.validation, parts.test)]
    assert all(dialogues) and sum(map(len, dialogues)) == 12


def test_several_labels_in_one_cell_are_refused_or_reported(read):
    rows = [{"dialogue": "a", "text": "Hi.", "label": ["joy", "anger"]}]
    with pytest.raises(DataError, match=r"talk\.jsonl line 1: its label is a list, not a string"):
        read({"talk.jsonl": rows})


def test_classes_that_consist_of_others_are_a_problem(read):
    corpus = read({"talk.csv": [*TALK, "b,1,Ben,Oh.,joy|anger,,,test"]})
    assert [text for text in corpus.problems if text.startswith("classes joy|anger look like several labels")]


def test_files_without_a_label_column_name_their_columns(read):
    with pytest.raises(DataError, match=r"no file has the column 'label'; known columns are dialogue, text"):
        read({"talk.csv": ["a,Hi."]}, header="dialogue,text")


def test_sound_and_picture_are_files_below_the_root_and_a_missing_one_is_reported(read, tmp_path):
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "one.mp4").touch()
    (tmp_path / "call.flac").touch()
    rows = [
        "a,Hi.,joy,films/one.mp4,,1.5,2",
        "a,No.,anger,films/one.mp4,call.flac,2,3",
        "b,So.,joy,films/two.mp4,nan,,",
        f"b,Oh.,joy,,{tmp_path / 'call.flac'},,",
    ]
    corpus = read({"talk.csv": rows}, header="dialogue,text,label,video,audio,start,end")
    names = [{key: value.name for key, value in s.media.items() if key != "text"} for s in corpus.samples]
    assert names == [
        {"video": "one.mp4"}, {"video": "one.mp4", "audio": "call.flac"}, {}, {"audio": "call.flac"},
    ]  # fmt: skip
    assert [s.span_s for s in corpus.samples] == [(1.5, 2.0), (2.0, 3.0), None, None]
    said = "1 turn whose video is not there, such as b-0 (films/two.mp4): read without it"
    assert said in corpus.problems
