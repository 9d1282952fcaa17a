"""Answers are written one by one."""

import csv
import gc
import json
import resource
import tracemalloc

import pytest

from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.errors import UsageError
from affekt.core.sample import Skipped
from affekt.deploy.runtime.output import writer_for
from affekt.deploy.runtime.streams import SoFar, stream_writer

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
    out = stream_writer(path)
    out.write(answer(1))
    assert path.read_text() == "old"
    out.close()
    out.close()
    assert ids(path) == ["a.txt:1"] and list(tmp_path.iterdir()) == [path]


@SUFFIXES
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, OSError])
def test_an_error_keeps_the_answers_under_another_name_and_says_it(tmp_path, caplog, suffix, error):
    path = tmp_path / f"a{suffix}"
    path.write_text("old")
    for number in (1, 2):
        with pytest.raises(error), stream_writer(path) as out:
            out.write(answer(number))
            raise error
    kept = [tmp_path / f"a.unfinished{which}{suffix}" for which in ("", "-2")]
    assert sorted(tmp_path.iterdir()) == sorted([path, *kept]) and path.read_text() == "old"
    assert [ids(file) for file in kept] == [["a.txt:1"], ["a.txt:2"]]
    assert f"{path} is not complete: {kept[0]} holds the 1 answers so far" in caplog.text


@SUFFIXES
def test_a_full_disk_keeps_the_complete_lines(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(UsageError, match="cannot be written: File too large"), stream_writer(path) as out:
        out.write(answer(1))
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        try:
            for number in range(2, 100):
                out.write(answer(number))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    kept = tmp_path / f"a.unfinished{suffix}"
    assert path.read_text() == "old" and sorted(tmp_path.iterdir()) == sorted([path, kept])
    assert len(ids(kept)) == out.count > 1
    assert ids(kept) == [f"a.txt:{number}" for number in range(1, out.count + 1)]
    assert kept.read_text().endswith("\n")


@SUFFIXES
def test_a_kill_leaves_each_answer_that_was_written(tmp_path, caplog, suffix):
    path = tmp_path / f"a{suffix}"
    out = stream_writer(path)
    out.write(answer(1))
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(f".a{suffix}.") and left.name.endswith(".partial")
    copied = tmp_path / f"b{suffix}"
    copied.write_bytes(left.read_bytes())
    assert ids(copied) == ["a.txt:1"]
    killed = left.rename(left.with_name(f".a{suffix}.of-a-killed-process.partial"))
    stream_writer(path).discard()
    assert f"{killed} holds the answers of a run that was killed, or that is not done" in caplog.text
    assert killed.exists()
    out.discard()


@SUFFIXES
def test_answers_that_this_process_writes_are_not_those_of_a_killed_one(tmp_path, caplog, suffix):
    with stream_writer(tmp_path / f"a{suffix}"):
        stream_writer(tmp_path / f"a{suffix}").discard()
    assert not caplog.text


@SUFFIXES
def test_a_file_without_an_answer_is_not_kept(tmp_path, suffix):
    with pytest.raises(KeyboardInterrupt), stream_writer(tmp_path / f"a{suffix}") as out:
        out.write(Skipped("a.txt:1", "it is empty"))
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


@SUFFIXES
def test_a_place_that_is_taken_meanwhile_keeps_the_answers(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    with pytest.raises(UsageError, match="cannot be written"), stream_writer(path) as out:
        out.write(answer(1))
        path.mkdir()
    assert ids(tmp_path / f"a.unfinished{suffix}") == ["a.txt:1"]


def test_answers_so_far_are_removed_once_the_file_is_written(tmp_path):
    path = tmp_path / "a.parquet"
    with SoFar(path) as so_far:
        so_far.write(answer(1))
        path.write_text("complete")
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(UsageError, match="full"), SoFar(path) as so_far:
        so_far.write(answer(1))
        raise UsageError("the disk is full")
    assert ids(tmp_path / "a.unfinished.jsonl") == ["a.txt:1"] and path.read_text() == "complete"


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
