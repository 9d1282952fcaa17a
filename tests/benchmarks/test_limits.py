"""A benchmark ends its parts at the limits of time and memory, keeps what they found and lists the rest."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPT = """
import sys, time
from functools import partial
from limits import Doing, Limits, Skipped

def part(kind):
    yield (kind, "first row")
    yield Doing("the large size")
    if kind == "slow":
        time.sleep(60)
    if kind == "large":
        held = b"1" * 600_000_000
        time.sleep(60)
    if kind == "broken":
        raise ValueError("no such size")
    yield Skipped("the largest size")
    yield (kind, "last row")

if __name__ == "__main__":
    limits = Limits(seconds=float(sys.argv[2]), gigabytes=0.4)
    rows = limits.run(sys.argv[1], partial(part, sys.argv[1]))
    print("ROWS", rows)
    print("\\n".join(limits.lines()))
    limits.check()
"""


@pytest.fixture
def run(tmp_path):
    """A function that runs a benchmark of one part in a new process."""
    script = tmp_path / "benchmark.py"
    script.write_text(SCRIPT)

    def run(kind, seconds):
        return subprocess.run(
            [sys.executable, script, kind, str(seconds)],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(BENCHMARKS)},
        )

    return run


def test_a_part_within_its_limits_gives_all_its_rows(run):
    done = run("quick", 60)
    assert "ROWS [('quick', 'first row'), ('quick', 'last row')]" in done.stdout, done.stderr
    assert "- quick: the largest size" in done.stdout


def test_a_part_that_takes_too_long_is_ended_and_named(run):
    begin = time.monotonic()
    done = run("slow", 10)
    assert "ROWS [('slow', 'first row')]" in done.stdout, done.stderr
    assert "- slow: the large size and what follows, which took too long" in done.stdout
    assert time.monotonic() - begin < 40


def test_a_part_that_needs_too_much_memory_is_ended_and_named(run):
    done = run("large", 60)
    assert "ROWS [('large', 'first row')]" in done.stdout, done.stderr
    assert "- large: the large size and what follows, which needed over 0.4 GB" in done.stdout


def test_a_part_that_fails_is_listed_and_the_benchmark_fails_after_its_report(run):
    done = run("broken", 60)
    assert "ROWS [('broken', 'first row')]" in done.stdout
    assert "- broken: the large size FAILED with exit code 1" in done.stdout
    assert done.returncode == 1 and "no such size" in done.stderr and "failed: broken" in done.stderr


@pytest.mark.parametrize(("seconds", "code"), [(60, 0), (1, 1)])
def test_a_whole_benchmark_is_run_within_the_limits(tmp_path, seconds, code):
    script = tmp_path / "benchmark.py"
    script.write_text("import sys, time\ntime.sleep(float(sys.argv[2]))\nprint('done')\n")
    wait = "0" if code == 0 else "60"
    command = [sys.executable, BENCHMARKS / "within.py", "--seconds", str(seconds), script, "--wait", wait]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == code
    assert ("was ended, which took too long" in done.stdout) == bool(code)
