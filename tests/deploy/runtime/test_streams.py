"""Answers are written one by one."""

import csv
import gc
import json
import tracemalloc

import pytest

from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.errors import UsageError
from affekt.core.sample import Skipped
from affekt.deploy.runtime.output import writer_for
from affekt.deploy.runtime.streams import stream_writer

SUFFIXES = pytest.mark.parametrize("suffix", [".csv", ".jsonl"])


def answer(number, text: str | None = "Hello."):
    scores = {"joy": 0.75, "anger": 0.25}
    name = f"a.txt:{number}"
    return Prediction(name, "joy", scores, 0.75, "text", Provenance("m", "w", "b"), text=text, turn=number)


def ids(path):
    if path.suffix == ".jsonl":
        return [json.loads(line)["id"] for line in path.read_text().splitlines()]
    with path.open(newline="") as stream:
        return [row["id"] for row in csv.DictReader(stream)]


@SUFFIXES
def test_a_stream_writes_what_a_whole_file_holds(tmp_path, suffix):
    streamed, whole = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    answers, skipped = [answer(1), answer(2)], [Skipped("a.txt:3", "it is empty")]
    with stream_writer(streamed) as out:
        for item in (*answers, *skipped):
            out.write(item)
    writer_for(whole)(whole, answers, skipped)
    assert streamed.read_bytes() == whole.read_bytes()


@SUFFIXES
def test_answers_stay_in_the_order_in_which_they_come(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with stream_writer(path) as out:
        for item in (Skipped("a.txt:0", "empty"), answer(1), Skipped("a.txt:2", "empty"), answer(3)):
            out.write(item)
    assert ids(path) == [f"a.txt:{number}" for number in range(4)]


@SUFFIXES
def test_a_file_appears_when_it_is_complete(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("old")
    with pytest.raises(OSError, match="from elsewhere"), stream_writer(path) as out:
        out.write(answer(1))
        raise OSError("from elsewhere")
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    out = stream_writer(path)
    out.write(answer(1))
    assert path.read_text() == "old"
    out.close()
    out.close()
    assert ids(path) == ["a.txt:1"] and list(tmp_path.iterdir()) == [path]


@SUFFIXES
def test_without_answers_the_reasons_are_written(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with stream_writer(path) as out:
        out.write(Skipped("a.txt:1", "it is empty"))
    assert ids(path) == ["a.txt:1"] and "it is empty" in path.read_text()


@SUFFIXES
def test_a_long_stream_needs_the_memory_of_a_short_one(tmp_path, suffix):
    kept = []
    for lines in (100, 2000):
        with stream_writer(tmp_path / f"a{suffix}") as out:
            out.write(answer(0))
            tracemalloc.start()
            for number in range(1, lines):
                out.write(answer(number, "word " * 40))
            gc.collect()  # type checks of tests make garbage
            kept.append(tracemalloc.get_traced_memory()[0])
            tracemalloc.stop()
    assert kept[1] < kept[0] + 50_000  # 1,900 lines have 380 kB of words


def test_a_table_refuses_a_value_without_a_column(tmp_path):
    path = tmp_path / "a.csv"
    with stream_writer(path) as out:
        out.write(answer(1, None))
        with pytest.raises(UsageError, match=r"a\.txt:2 has dialogue, .*text, for which.*write \.jsonl"):
            out.write(answer(2))
        out.discard()
    assert not path.exists()


def test_other_files_are_refused_before_computing(tmp_path):
    with pytest.raises(UsageError, match=r"as \.csv or \.jsonl, not as \.html"):
        stream_writer(tmp_path / "a.html")
    with pytest.raises(UsageError, match="is not a folder"):
        stream_writer(tmp_path / "missing" / "a.csv")
