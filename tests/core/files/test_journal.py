"""A journal continues after any kill: complete lines count, all others are ignored."""

import os
from typing import Any

import pytest

from affekt.core.errors import AffektError, UsageError
from affekt.core.files.journal import (
    JournalEntry,
    JournalHeader,
    check_output,
    check_same,
    open_journal,
    read_journal,
    write_journal,
)

HEADER = JournalHeader(dataset="toy")


def entry(name, **values):
    return JournalEntry(id=name, source="0", **values)


@pytest.fixture
def journal(tmp_path):
    path = tmp_path / "store" / "journal.jsonl"
    write_journal(path, HEADER, [entry("a"), entry("b", reason="it is empty")])
    return path


def read(path):
    return read_journal(path, JournalHeader, JournalEntry)


def test_a_journal_is_read_as_it_was_written(journal):
    assert read(journal) == (HEADER, {"a": entry("a"), "b": entry("b", reason="it is empty")})


def test_a_missing_journal_has_neither_header_nor_entries(tmp_path):
    assert read(tmp_path / "journal.jsonl") == (None, {})


@pytest.mark.parametrize("text", ["", "\n", "{", '{"dataset": 1}\n{"id": "a", "source": "0"}\n'])
def test_entries_without_a_header_are_ignored(journal, text):
    journal.write_text(text)
    assert read(journal) == (None, {})


def test_every_truncation_keeps_the_complete_lines(journal):
    content = journal.read_bytes()
    for length in range(len(content)):
        journal.write_bytes(content[:length])
        complete = content[:length].count(b"\n")
        header, entries = read(journal)
        # The newline itself may be missing.
        assert len(entries) + (header is not None) in (complete, complete + 1)
        assert list(entries) == ["a", "b"][: len(entries)]


def test_a_damaged_line_is_ignored_and_the_last_line_of_an_item_counts(journal):
    with journal.open("a") as stream:
        stream.write("not JSON\n" + entry("a", notes=("again",)).model_dump_json() + "\n")
    assert read(journal)[1]["a"].notes == ("again",)
    assert list(read(journal)[1]) == ["a", "b"]


def test_each_entry_is_on_the_disk_before_the_next(journal):
    with open_journal(journal, HEADER, [entry("b")]) as add:
        for name in ("c", "d"):
            add(entry(name))
            assert list(read(journal)[1])[-1] == name
    assert list(read(journal)[1]) == ["b", "c", "d"]
    assert [path.name for path in journal.parent.iterdir()] == [journal.name]


def test_a_full_disk_is_an_error_of_ours(journal, monkeypatch):
    def full(file):
        raise OSError(28, "No space left on device")

    with open_journal(journal, HEADER, []) as add:
        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(AffektError, match=r"journal\.jsonl cannot be written: No space left"):
            add(entry("a"))


def test_an_output_that_is_something_else_is_refused(tmp_path):
    for name in ("data", "thesis"):
        (tmp_path / name).mkdir()
    (tmp_path / "file").write_text("")
    for output, found in (
        ("file", "is not a folder: name one for the toy store"),
        ("data/store", "lies in the data set at"),
        ("data", "lies in the data set at"),
        ("thesis", "holds something else than a toy store"),
    ):
        with pytest.raises(UsageError, match=found):
            check_output(tmp_path / output, tmp_path / "data", is_begun=lambda root: False, kind="toy store")
    check_output(tmp_path / "new", tmp_path / "data", is_begun=lambda root: False, kind="toy store")
    check_output(tmp_path / "thesis", None, is_begun=lambda root: True, kind="toy store")


def test_another_header_is_refused_with_the_values_that_differ(tmp_path):
    class Header(JournalHeader):
        encoder: dict[str, Any]

    one = Header(dataset="toy", encoder={"name": "i3d", "config": {"align": 16, "width": 8}})
    other = Header(dataset="game", encoder={"name": "i3d", "config": {"align": 8, "width": 8}, "new": True})
    check_same(tmp_path, one, one)
    with pytest.raises(UsageError) as caught:
        check_same(tmp_path, one, other)
    assert f"{tmp_path} was made with dataset = 'toy', not 'game'; encoder.config.align = 16, not 8; " in str(
        caught.value
    )
    assert "encoder.new = None, not True: name another folder" in str(caught.value)
