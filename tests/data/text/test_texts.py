"""Single lines of one's own: one label or several."""

import json

import pytest

from affekt.core.errors import DataError
from affekt.data.open import open_dataset


@pytest.fixture
def read(tmp_path):
    """A function that writes a file and reads it."""

    def read(content, name="lines.csv", *, strict=True, **options):
        text = content if isinstance(content, str) else "\n".join(json.dumps(row) for row in content)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return open_dataset("texts", tmp_path, options, strict=strict)

    return read


def weights(corpus):
    return [sample.label_weights for sample in corpus.samples]


def test_a_line_has_its_words_label_split_and_subject(read):
    corpus = read('text,label,split,subject,id\n"Well\u2026 no",sad,Training,ann,x1\nYes.,joy,dev,nan,\n')
    first, second = corpus.samples
    assert (first.id, first.media["text"], first.label, first.split, first.subject) == (
        "x1", "Well... no", "sad", "train", "ann",
    )  # fmt: skip
    assert (second.id, second.split, second.subject) == ("lines.csv-3", "validation", None)
    assert first.dialogue is None and corpus.task.name == "single_label"


def test_several_labels_are_separated_by_the_option(read):
    corpus = read("text,labels\na,joy|surprise\nb,joy\nc,\n")
    assert weights(corpus) == [{"joy": 1.0, "surprise": 1.0}, {"joy": 1.0}, None]
    assert (corpus.task.name, corpus.labels.names, len(corpus.usable)) == (
        "multi_label",
        ("joy", "surprise"),
        2,
    )
    assert weights(read('text,labels\na,"joy, surprise"\nb,sad\n', separator=","))[0] == {
        "joy": 1.0,
        "surprise": 1.0,
    }


def test_another_separator_than_the_stated_one_is_reported(read):
    corpus = read("text,labels\na,joy;surprise\nb,joy\n")
    assert "label 'joy;surprise' looks like several labels: the option separator is '|'" in corpus.problems


def test_an_empty_list_states_that_no_label_is_present(read):
    rows = [
        {"text": "a", "labels": ["joy", "sad"]},
        {"text": "b", "labels": []},
        {"text": "c", "labels": None},
    ]
    corpus = read(rows, "lines.jsonl")
    assert weights(corpus) == [{"joy": 1.0, "sad": 1.0}, {}, None]
    assert len(corpus.usable) == 2


def test_spellings_of_several_labels_are_merged_together(read):
    content = "text,labels\na,Joy|sad\nb,joy\nc,joy|nan\n"
    with pytest.raises(DataError, match=r"options.merge_spellings"):
        read(content)
    corpus = read(content, merge_spellings=True)
    assert weights(corpus) == [{"joy": 1.0, "sad": 1.0}, {"joy": 1.0}, {"joy": 1.0}]
    assert "1 sample is labelled 'nan'" in corpus.problems[0]


def test_one_label_and_several_are_not_read_together(read):
    with pytest.raises(DataError, match="has the columns label and labels"):
        read("text,label,labels\na,joy,joy|sad\n")


def test_lines_without_labels_cannot_make_a_data_set(read):
    with pytest.raises(DataError, match="no file has the column 'label'"):
        read("text\na\nb\n")


def test_text_that_is_not_a_string_is_listed(read):
    rows = [{"text": ["a"], "label": "x"}, {"text": "b", "label": "x"}, {"text": 3, "label": "y"}]
    corpus = read(rows, "lines.jsonl")
    assert [s.media["text"] for s in corpus.samples] == ["b", "3"]
    assert str(corpus.skipped[0]) == "lines.jsonl line 1: its text is list, not a string"
