"""Class names as they are found: spellings, words that are no label, names that are no class."""

import os
import unicodedata
from pathlib import Path

import pytest

from affekt.core.errors import DataError
from affekt.data.layouts.annotated_file import AnnotatedFile
from affekt.data.layouts.label_names import FolderOptions, check_label_names, plain_name, resolve_labels


def settle(*labels, **options):
    lines = [
        AnnotatedFile(str(number), Path(str(number)), label, None, None)
        for number, label in enumerate(labels)
    ]
    return resolve_labels(Path("root"), lines, FolderOptions(**options))


def final(settled):
    return [line.label for line in settled.files]


@pytest.mark.parametrize(
    "other",
    [
        "HAPPY FACE", "happy face ", " happy  face", "happy_face", "Happy-Face", "happyface",
        "happy\u00a0face", "h\u00e1ppy face", unicodedata.normalize("NFD", "h\u00e1ppy face"),
        "happy\u200b face", "\uff48appy face",
    ],
)  # fmt: skip
def test_case_blanks_accents_and_forms_of_characters_are_spellings(other):
    assert plain_name(other) == plain_name("happy face")


@pytest.mark.parametrize(
    ("one", "other"), [("-1", "1"), ("1 0", "10"), ("1-0", "10"), ("दुख", "दख"), ("か", "が")]
)
def test_names_that_differ_otherwise_are_apart(one, other):
    assert plain_name(one) != plain_name(other)


def test_spellings_of_one_class_are_an_error_that_names_them_and_the_option():
    settled = settle("Happy", "happy", "happy ", "happy", "sad")
    assert len(settled.errors) == 1
    assert "'Happy' (1), 'happy' (2), 'happy ' (1) look like one class" in settled.errors[0]
    assert "options.merge_spellings = true" in settled.errors[0]


def test_merged_spellings_are_called_by_the_most_frequent_one():
    settled = settle("Happy", "happy", "happy ", "happy", "sad", merge_spellings=True)
    assert final(settled) == ["happy", "happy", "happy", "happy", "sad"]
    assert settled.labels.names == ("happy", "sad")
    assert settled.errors == []
    assert "are read as 'happy'" in settled.problems[0]


def test_merged_spellings_are_called_as_the_option_names_them():
    settled = settle("Happy", "happy", "sad", merge_spellings=True, labels=("sad", "HAPPY"))
    assert final(settled) == ["HAPPY", "HAPPY", "sad"]


def test_spellings_that_an_option_names_are_classes():
    settled = settle("Happy", "happy", labels=("Happy", "happy"))
    assert (final(settled), settled.errors) == (["Happy", "happy"], [])


def test_another_spelling_than_the_chosen_one_names_the_option():
    with pytest.raises(DataError, match=r"labels Happy are not among(.|\n)*merge_spellings = true"):
        settle("Happy", "sad", labels=("happy", "sad"))


@pytest.mark.parametrize("word", ["nan", "NaN", "", "null", "None", "N/A", " nan "])
def test_words_of_tables_for_nothing_are_no_labels(word):
    settled = settle("happy", word, "sad")
    assert final(settled) == ["happy", None, "sad"]
    assert "is read as a missing label" in settled.problems[0]


def test_such_a_word_is_a_label_where_an_option_names_it():
    assert final(settle("happy", "none", labels=("happy", "none"))) == ["happy", "none"]


def test_classes_that_look_like_splits_are_an_error():
    (error,) = settle("train", "test2").errors
    assert "classes test2, train look like splits" in error
    assert settle("train", "boat", labels=("train", "boat")).errors == []


def test_one_class_alone_is_refused():
    with pytest.raises(DataError, match="at least two classes are required, found happy"):
        settle("happy", "nan")


@pytest.mark.parametrize("names", [("a",), ("a", "a")])
def test_names_that_make_no_set_are_refused(names):
    with pytest.raises(ValueError, match="at least two names"):
        check_label_names(names)


def test_names_that_look_the_same_are_written_out():
    (error,) = settle("fr\u00f6hlich", "fro\u0308hlich", "sad").errors
    assert r"'fr\xf6hlich' (1)" in error and r"'fro\u0308hlich' (1)" in error


def test_a_class_whose_folder_has_no_utf8_name_is_refused():
    with pytest.raises(DataError, match=r"classes 'col\\udce8re' hold bytes that are not UTF-8.*rename"):
        settle("joy", os.fsdecode(b"col\xe8re"))


def test_one_class_that_looks_like_a_split_is_an_error():
    (error,) = settle("happy", "sad", "test").errors
    assert error.startswith("class test looks like a split:")
