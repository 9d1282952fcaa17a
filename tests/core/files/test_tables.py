"""Tables hold the names of all files, also of those whose names are not UTF-8."""

import csv
import os

import pyarrow.parquet
import pytest

from affekt.core.errors import AffektError
from affekt.core.files.tables import write_csv, write_parquet

ROWS = [{"id": os.fsdecode(b"caf\xe9.png"), "score": 0.5}, {"id": "你好.png", "score": 1.0}]


def test_bytes_of_names_that_are_not_utf8_are_escapes(tmp_path):
    write_csv(tmp_path / "a.csv", ROWS)
    write_parquet(tmp_path / "a.parquet", ROWS)
    with (tmp_path / "a.csv").open(newline="", encoding="utf-8") as stream:
        assert [row["id"] for row in csv.DictReader(stream)] == ["caf\\udce9.png", "你好.png"]
    table = pyarrow.parquet.read_table(tmp_path / "a.parquet").to_pylist()
    assert [row["id"] for row in table] == ["caf\\udce9.png", "你好.png"]
    assert [row["score"] for row in table] == [0.5, 1.0]


@pytest.mark.parametrize("write", [write_csv, write_parquet])
def test_an_earlier_table_stays_if_the_new_one_cannot_be_written(tmp_path, monkeypatch, write):
    place = tmp_path / "a"
    place.write_text("old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AffektError, match="a cannot be written: No space left on device"):
        write(place, ROWS)
    assert place.read_text() == "old" and list(tmp_path.iterdir()) == [place]
