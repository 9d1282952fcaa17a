"""A study of 12 runs that was killed ends with the same table as one that was not."""

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.xdist_group("killed study")

PLAN = """
title = "Widths and rates"
recipe = ["walk.toml"]
seeds = [0, 1, 2]
[ablations]
wide = {set = {"config.width" = 8}}
slow = {set = {"optimizer.lr" = 1e-5}}
smooth = {set = {"loss.label_smoothing" = 0.1}}
"""
WRITTEN = ("table.md", "table.csv", "table.tex", "tests.csv", "results.json", "index.html")


def command(plan, runs):
    code = "from affekt.cli.main import run; run()"
    return [sys.executable, "-c", code, "experiment", str(plan), "--runs", str(runs)]


def results(runs):
    return {path: path.stat().st_mtime_ns for path in runs.rglob("result.json")}


@pytest.fixture(scope="module")
def folder(write_plan, tmp_path_factory):
    path = tmp_path_factory.mktemp("study")
    write_plan(path, PLAN)
    return path


@pytest.fixture(scope="module")
def whole(folder):
    """Folder of runs of a study that was not killed, and what it printed."""
    done = subprocess.run(command(folder / "plan.toml", folder / "whole"), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "whole", done


@pytest.fixture(scope="module")
def resumed(folder):
    """Folder of runs of a study that was killed and continued, the runs before it, and what it printed."""
    runs = folder / "killed"
    process = subprocess.Popen(
        command(folder / "plan.toml", runs), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 600
    while len(results(runs)) < 5:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = results(runs)
    assert 5 <= len(before) < 12
    done = subprocess.run(command(folder / "plan.toml", runs), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return runs, before, done


def test_the_table_of_a_killed_study_is_the_same_byte_for_byte(whole, resumed):
    for name in WRITTEN:
        first, second = (runs / "studies" / "plan" / name for runs in (whole[0], resumed[0]))
        assert first.read_bytes() == second.read_bytes(), name


def test_finished_runs_are_not_trained_again(resumed):
    runs, before, done = resumed
    now = results(runs)
    assert len(now) == 12 and all(now[path] == when for path, when in before.items())
    kept = int(done.stderr.split(" of 12 are done already")[0].split()[-1])
    assert len(before) - 1 <= kept <= len(before)


def test_each_test_part_was_looked_at_once(resumed):
    for path in resumed[0].rglob("record.jsonl"):
        (line,) = path.read_text().splitlines()
        assert '"command": "affekt experiment plan.toml"' in line


def test_a_study_without_a_terminal_prints_lines_with_an_estimate(whole):
    assert "1 of 12: base, seed 0: done; about " in whole[1].stderr
    assert "12 of 12: smooth, seed 2: done" in whole[1].stderr


def test_the_table_has_a_line_for_each_row(whole):
    text = (whole[0] / "studies" / "plan" / "table.md").read_text()
    lines = [
        line.split("|")[1].strip().split("]")[0].lstrip("[") for line in text.splitlines() if line[:1] == "|"
    ]
    assert lines[2:6] == ["base", "wide", "slow", "smooth"]


def test_cells_of_the_page_link_to_the_runs_of_their_row(whole):
    page = (whole[0] / "studies" / "plan" / "index.html").read_text()
    assert '<a href="#runs-wide">' in page and 'id="runs-wide"' in page
    links = [part.partition('"')[0] for part in page.split('<td><a href="')[1:]]
    folders = [link for link in links if not link.startswith("#")]
    assert len(folders) == 12
    assert all((whole[0] / "studies" / "plan" / link / "result.json").is_file() for link in folders)


def test_a_finished_study_trains_nothing(whole, folder):
    before = results(whole[0])
    done = subprocess.run(command(folder / "plan.toml", whole[0]), capture_output=True, text=True)
    assert "12 of 12 are done already" in done.stderr and results(whole[0]) == before
