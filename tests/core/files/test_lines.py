"""Lines are added to what can be read of a file."""

import pytest

from affekt.core.errors import AffektError
from affekt.core.files.lines import append_line
from affekt.engine.runs.looks import looks_at, record_look


def test_a_line_follows_the_last_whole_one(tmp_path):
    for content, kept in ((b"", b""), (b"a\n", b"a\n"), (b"a\n{cut o", b"a\n"), (b"cut", b"")):
        (tmp_path / "a.jsonl").write_bytes(content)
        append_line(tmp_path / "a.jsonl", "ö")
        assert (tmp_path / "a.jsonl").read_bytes() == kept + "ö\n".encode()


def test_a_place_that_cannot_be_written_is_a_clean_error(tmp_path):
    with pytest.raises(AffektError, match="cannot be written"):
        append_line(tmp_path / "nowhere" / "a.jsonl", "a")


def test_an_evaluation_after_one_that_was_killed_is_on_record(tmp_path):
    for _ in range(2):
        record_look(tmp_path, "affekt evaluate", {"data": "walkers", "split": "test"})
        record = tmp_path / "evaluation" / "record.jsonl"
        record.write_bytes(record.read_bytes() + b'{"when": "2026')
    record_look(tmp_path, "affekt evaluate", {"data": "walkers", "split": "test"})
    assert len(looks_at(tmp_path, "test")) == 3
