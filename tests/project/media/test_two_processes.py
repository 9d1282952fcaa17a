"""Tracking that is killed in the middle, and by two processes at once: no row is lost or doubled."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from affekt.media.video import VideoFrames
from affekt.media.video.write import write_clip
from affekt.project.database.connect import connect
from affekt.project.folder import DATABASE, Project

VIDEOS = 8
# A detector that takes its time: one box whose place depends on the frame.
SCRIPT = """
import sys, time
from pathlib import Path
import numpy as np
from affekt.media.detection import Detections
from affekt.project.folder import Project
from affekt.project.settings.tracks import FaceDetectorSettings
from affekt.project.steps import run_step
from affekt.project.tracks.step import TrackStep

class Slow:
    name, digest = "slow", "slow-1"

    def detect(self, frame):
        time.sleep(float(sys.argv[2]))
        left = float(frame.mean()) / 16
        return Detections(np.array([[left, 2, left + 9, 12]], np.float32), np.ones(1, np.float32))

project = Project.open(Path(sys.argv[1]))
ran = run_step(project, TrackStep(project, "face", FaceDetectorSettings(), Slow()))
print(ran.computed, ran.reused, len(ran.failed))
"""


@pytest.fixture(scope="module")
def waiting(collected, tmp_path_factory):
    """A project whose videos were not searched."""
    folder = tmp_path_factory.mktemp("waiting")
    (folder / "clips").mkdir()
    for number in range(VIDEOS):
        levels = (np.arange(12) * 5 + 10 * number).astype(np.uint8)
        pixels = np.broadcast_to(levels[:, None, None, None], (12, 36, 48, 3)).copy()
        write_clip(folder / "clips" / f"{number}.mp4", VideoFrames(pixels, np.arange(12) / 12, 1.0), None)
    return collected(folder, {str(number): {} for number in range(VIDEOS)}).path


def copied(project, folder):
    return shutil.copytree(project, folder / "project", symlinks=True)


def start(project, sleep_s):
    command = [sys.executable, "-c", SCRIPT, str(project), str(sleep_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return [int(number) for number in out.split()]


def rows_of(project):
    """All that the step has stored, apart from the time."""
    with connect(project / DATABASE) as connection:
        queries = {
            "done": "SELECT item_id, step, made_from, reason FROM done ORDER BY item_id",
            "tracked": "SELECT * FROM tracked ORDER BY item_id",
            "box": "SELECT * FROM box ORDER BY item_id, frame, track",
        }
        return {name: [tuple(row) for row in connection.execute(query)] for name, query in queries.items()}


@pytest.fixture(scope="module")
def undisturbed(waiting, tmp_path_factory):
    project = copied(waiting, tmp_path_factory.mktemp("undisturbed"))
    assert finish(start(project, 0)) == [VIDEOS, 0, 0]
    rows = rows_of(project)
    assert [len(rows[table]) for table in ("done", "tracked", "box")] == [VIDEOS, VIDEOS, 5 * VIDEOS]
    return rows


def test_a_step_that_is_killed_goes_on_where_it_was(waiting, undisturbed, tmp_path):
    project = copied(waiting, tmp_path)
    process = start(project, 0.1)
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        with connect(project / DATABASE) as connection:
            if connection.execute("SELECT count(*) FROM done").fetchone()[0] >= 2:
                break
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    left = rows_of(project)
    done = len(left["done"])
    assert 2 <= done < VIDEOS
    assert left["box"] == undisturbed["box"][: 5 * done]
    assert len(left["tracked"]) == done
    assert finish(start(project, 0)) == [VIDEOS - done, done, 0]
    assert rows_of(project) == undisturbed


def test_two_processes_at_once_store_each_result_once(waiting, undisturbed, tmp_path):
    project = copied(waiting, tmp_path)
    processes = [start(project, 0.02) for _ in range(2)]
    for process in processes:
        assert finish(process)[2] == 0
    assert rows_of(project) == undisturbed
    assert finish(start(project, 0)) == [0, VIDEOS, 0]
    with Project.open(project).database() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
