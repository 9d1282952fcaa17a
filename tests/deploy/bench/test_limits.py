"""A measurement keeps to its time and memory, and lists what it skipped."""

import re
import time

import pytest

from affekt.core.errors import MediaError, UsageError
from affekt.deploy.bench import bench as module
from affekt.deploy.bench import processes
from affekt.deploy.bench.bench import bench
from affekt.deploy.bench.processes import Measured, measure

BUNDLE = {"method": "m", "task": "t", "modality": "image", "precision": "f32"}
PROBE = {
    "bundle": {**BUNDLE, "weights_sha256": "", "version": ""},
    "by_cells": False,
    "unit": "rows",
    "engine": "onnxruntime f32",
    "rows": {"x": [3]},
    "file": "",
    "file_rows": 0,
}


@pytest.fixture
def fake_processes(monkeypatch, tmp_path):
    """A function that measures with a process whose calls take some seconds and bytes for each row."""

    def run(*, seconds, megabytes=1, **options):
        asked = []

        def measured(job, *, seconds_each=seconds, **limit):
            asked.append(job)
            if job["job"] == "probe":
                return Measured([PROBE], "")
            if job["job"] == "start":
                run_s, peak = seconds_each * job["size"], 1e8 + megabytes * 1e6 * job["size"]
                part = {"engine": "onnxruntime f32", "import_s": 0.1, "load_s": 0.1}
                line = {**part, "run_s": run_s, "loaded_bytes": 100_000_000, "peak_bytes": int(peak)}
                return Measured([line], "")
            if job["job"] == "count":
                return Measured([{"size": 1, "multiply_adds": 10**9, "not_counted": []}], "")
            pairs = [*job["pairs"], *((n, 0) for n in {n for n, _ in job["pairs"]})]
            lines = [
                {"threads": n, "size": size, "seconds": seconds_each * size or 0.1}
                for n, size in pairs
                for _ in range(3)
            ]
            return Measured(lines, "")

        monkeypatch.setattr(module, "measure", measured)
        monkeypatch.setattr(module, "usable_cores", lambda: 2)
        monkeypatch.setattr(module, "free_bytes", lambda: 4_000_000_000)
        (tmp_path / "b").mkdir(exist_ok=True)
        return bench(tmp_path / "b", **options), asked

    return run


def test_sizes_that_take_too_long_are_skipped_with_the_time_they_would_take(fake_processes):
    report, _ = fake_processes(seconds=2.0, limit_s=90.0)
    assert [(row.threads, row.size) for row in report.latency] == [(1, 1), (2, 1)]
    assert report.skipped[0].startswith("8 at a time: one call takes about 16.0 s of ")
    assert report.skipped[1].startswith("32 at a time: one call takes about 64.0 s of ")
    assert "--limit-s" in report.skipped[0]


def test_a_pair_whose_calls_do_not_fit_is_skipped_and_the_others_are_measured(fake_processes):
    report, asked = fake_processes(seconds=1.0, limit_s=90.0, sizes=[1, 8])
    assert asked[-1]["pairs"] == [(1, 1), (2, 1), (2, 8)]
    assert [line.partition(":")[0] for line in report.skipped] == ["8 rows at 1 thread"]


def test_sizes_that_need_too_much_memory_are_skipped(fake_processes):
    report, _ = fake_processes(seconds=1e-3, megabytes=300)
    assert [row.size for row in report.memory] == [1, 8]
    (skipped,) = report.skipped
    assert skipped == "32 at a time: it needs about 9.7 GB, and 4.0 GB are free"


def test_multiply_adds_and_the_share_of_the_peak_follow_from_one_row(fake_processes):
    report, _ = fake_processes(seconds=1e-3, sizes=[4], threads=[1])
    assert report.work[0].multiply_adds == 4 * 10**9
    (row,) = report.latency
    product = 1024**3 / 0.1  # multiply-adds a second of the matrix product
    assert row.peak_share == pytest.approx(4e9 / 4e-3 / product)
    assert row.p95_s is None and row.calls == 3


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"threads": [0]}, "threads must be above 0"),
        ({"sizes": [-1]}, "batch sizes must be above 0"),
        ({"limit_s": 0.0}, "seconds must be above 0"),
    ],
)
def test_impossible_settings_are_refused(options, what, tmp_path):
    with pytest.raises(UsageError, match=what):
        bench(tmp_path, **options)


def test_a_bundle_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(UsageError, match=re.escape(f"{tmp_path / 'no'} does not exist")):
        bench(tmp_path / "no")


@pytest.fixture
def child(monkeypatch, tmp_path):
    """A function that makes a program the process that measures."""

    def make(code):
        (tmp_path / "other_child.py").write_text(code)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr(processes, "CHILD", "other_child")

    return make


def test_what_was_measured_before_the_time_was_over_counts(child):
    child(
        "import time\n"
        "print('{\"seconds\": 1}', flush=True)\n"
        "print('{\"sec', end='', flush=True)\n"
        "time.sleep(60)"
    )
    begin = time.monotonic()
    found = measure({}, seconds=3.0)
    assert found.lines == [{"seconds": 1}] and found.ended == "it was ended after 3 s"
    assert time.monotonic() - begin < 30


def test_a_process_that_is_killed_says_that_memory_may_lack(child):
    child("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert measure({}, seconds=60.0) == Measured(
        [], "it was ended by signal 9: there may be too little memory"
    )


def test_an_error_of_a_process_is_raised_with_its_type(child):
    child("""print('{"error": "the clip is cut off", "type": "MediaError"}')""")
    with pytest.raises(MediaError, match="the clip is cut off"):
        measure({}, seconds=60.0)


def test_a_process_that_fails_says_why(child):
    child("raise RuntimeError('no engine')")
    assert measure({}, seconds=60.0).ended == "it failed: RuntimeError: no engine"
