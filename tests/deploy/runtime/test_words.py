"""What a str is for a network that reads words, and how lines of files are linked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from affekt.core.dialogues import earlier
from affekt.core.errors import UsageError
from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime import conversations
from affekt.deploy.runtime.conversations import words_samples
from affekt.deploy.runtime.input_types import checked_input, inputs_of
from affekt.deploy.runtime.samples import as_samples, survey
from affekt.media.text import Text


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with a file of lines, a file whose name is a word, and a folder."""
    monkeypatch.chdir(tmp_path)
    for name in ("talk.srt", "well", "My talk.txt"):
        Path(name).write_text("well\n")
    Path("talks").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    "words", ["I am so happy", "no", "U.S.A.", "Really?", "at 3.14 or so", "你好", "a b/c d"]
)
def test_a_str_that_names_no_file_is_words(here, words):
    assert checked_input(words, "text") == Text(words)


@pytest.mark.parametrize("name", ["talk.srt", "./talk.srt", "My talk.txt", "./talks"])
def test_a_str_that_names_an_existing_file_is_a_path(here, name):
    assert checked_input(name, "text") == Path(name)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("well", "could be words, but a file or folder has this name"),
        ("talks", "could be words, but a file or folder has this name"),
        ("other.srt", "does not exist, though it looks like the name of a file"),
        ("My other talk.txt", "does not exist, though it looks like the name of a file"),
        ("clips/one", "does not exist, though it looks like the name of a file"),
    ],
)
def test_a_str_that_could_be_both_is_refused_and_the_error_says_how_to_state_it(here, text, says):
    with pytest.raises(UsageError, match=says) as caught:
        checked_input(text, "text")
    assert f"Text({text!r}) for words" in str(caught.value)
    assert checked_input(Text(text), "text") == Text(text)


@pytest.mark.parametrize("given", ["", "  ", Text(" ")])
def test_empty_words_are_refused(given):
    with pytest.raises(UsageError, match="the words are empty"):
        checked_input(given, "text")


def test_what_holds_no_words_is_refused_with_what_to_give():
    with pytest.raises(UsageError, match="an array holds no words: give them as str"):
        checked_input(np.zeros(3), "text")
    with pytest.raises(UsageError, match=r"give a path, a Sample or words \(a str"):
        checked_input(b"words", "text")
    with pytest.raises(UsageError, match="is a URL"):
        checked_input("https://example.org/talk.srt", "text")


def test_the_strings_of_a_list_are_independent_inputs(here):
    found = list(as_samples(inputs_of(["I am", "well", "happy"], "text"), "text", earlier_turns=5))
    assert [item.media["text"] if isinstance(item, Sample) else "skipped" for item in found] == [
        "I am", "skipped", "happy",
    ]  # fmt: skip
    assert all(item.around is None for item in found if isinstance(item, Sample))


def test_a_network_of_another_modality_takes_a_str_as_a_path_only(here):
    assert checked_input("well", "audio") == Path("well")
    with pytest.raises(UsageError, match="I am so happy does not exist"):
        checked_input("I am so happy", "audio")


def test_a_folder_stands_for_its_files_of_lines_each_a_dialogue_of_its_own(here):
    (here / "talks" / "a.csv").write_text("text,speaker\nhi,Ann\nwell,Ben\n")
    (here / "talks" / "b.txt").write_text("one\ntwo\n")
    (here / "talks" / "c.png").touch()
    found = list(as_samples([here / "talks"], "text", earlier_turns=2))
    assert [[turn.media["text"] for turn in earlier(item, 5)] for item in found] == [[], ["hi"], [], ["one"]]
    assert [(item.turn, item.speaker) for item in found] == [(1, "Ann"), (2, "Ben"), (1, None), (2, None)]
    assert [item.id for item in survey(["talks"], "text").left_out] == ["talks/c.png"]


def test_dialogues_of_a_table_are_linked_by_name_also_where_their_rows_alternate(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,dialogue,turn\na0,a,0\nb5,b,5\na1,a,1\nb4,b,4\n")
    found = list(as_samples([path], "text", earlier_turns=2))
    assert [[turn.media["text"] for turn in earlier(item, 5)] for item in found] == [[], [], ["a0"], ["b5"]]
    assert [item.turn for item in found] == [0, 5, 1, 4]
    assert found[3].facts["notes"] == (
        "its turn 4 comes after turn 5 in the file: its context is in the order of the file",
    )


def test_numbers_of_turns_are_those_of_the_file_and_a_repeated_one_is_skipped(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,turn\na,1\nb,1\nc,3\nd,2\ne,4\nf,\ng,3\n")
    found = list(as_samples([path], "text", earlier_turns=1))
    assert [(item.media["text"], item.turn) for item in found if isinstance(item, Sample)] == [
        ("a", 1), ("c", 3), ("d", 2), ("e", 4), ("f", 5),
    ]  # fmt: skip
    assert [turn.media["text"] for turn in earlier(found[3], 5)] == ["c"]
    first, second = (item for item in found if isinstance(item, Skipped))
    assert (first.id, second.id) == (f"{path}:3", f"{path}:8")
    assert "turn 1 of dialogue" in first.reason and "was there before" in first.reason


def test_a_dialogue_that_returns_after_too_many_others_is_answered_alone_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(conversations, "MAX_RUNNING", 2)
    path = tmp_path / "a.csv"
    path.write_text("text,dialogue\n1,a\n2,b\n3,c\n4,a\n5,a\n")
    found = list(as_samples([path], "text", earlier_turns=2))
    assert "answered without its context" in found[3].facts["notes"][0]
    assert [len(earlier(item, 5)) for item in found] == [0, 0, 0, 0, 1]
    assert [item.turn for item in found] == [1, 1, 1, 2, 3]


def test_a_file_that_breaks_after_some_lines_keeps_them_and_is_skipped_from_there(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('text\nhi\n"open\n')
    first, broken = as_samples([path], "text")
    assert first.media["text"] == "hi"
    assert isinstance(broken, Skipped) and "not a valid table" in broken.reason


def test_a_dialogue_of_2000_turns_keeps_only_the_turns_that_are_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("".join(f"Speaker {turn % 7}: {turn}\n" for turn in range(2000)))
    *_, last = as_samples([path], "text", earlier_turns=5)
    assert last.turn == 2000
    assert [turn.media["text"] for turn in earlier(last, 9)] == ["1994", "1995", "1996", "1997", "1998"]
    assert last.around.speakers == tuple(f"Speaker {number}" for number in range(7))


def test_two_turns_on_one_line_have_ids_of_their_own(tmp_path):
    path = tmp_path / "a.vtt"
    path.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Hi <v Ben>No\n")
    assert [item.id for item in as_samples([path], "text")] == [f"{path}:4", f"{path}:4/2"]


def test_turns_that_a_person_states_are_one_dialogue(tmp_path):
    ann, empty, ben = words_samples(["Ann: hi", " ", "Ben: no: 12:30"], "text", keep=1)
    assert empty == Skipped("text:2", "the line has no words", "lines without words")
    assert (ben.speaker, ben.media["text"], ben.turn) == ("Ben", "no: 12:30", 2)
    assert [turn.id for turn in earlier(ben, 5)] == [ann.id]
