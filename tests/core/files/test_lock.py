"""Two processes on one folder: the second is refused, and a lock ends with its process."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from affekt.core.errors import UsageError
from affekt.core.files.lock import replacing_alone, writing_alone
from affekt.core.files.whole import LOCK, remove_partials, write_folder

HOLD = """
import sys, time
from pathlib import Path
from affekt.core.files.lock import writing_alone
with writing_alone(Path(sys.argv[1]), work="trains this run"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the lock of a folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_process_is_refused_and_the_error_names_the_first(tmp_path, other):
    with (
        pytest.raises(UsageError, match=rf"another process \(process {other.pid} on .*\) trains this run"),
        writing_alone(tmp_path / "run", work="trains this run"),
    ):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path, other):
    other.send_signal(signal.SIGKILL)
    other.wait()
    with writing_alone(tmp_path / "run", work="trains this run"):
        pass
    assert not list((tmp_path / "run").iterdir()), "the lock leaves nothing"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_a_forked_child_does_not_keep_the_lock(tmp_path):
    lines = (
        "import os, sys, time\nfrom pathlib import Path\nfrom affekt.core.files.lock import writing_alone\n"
        "hold = writing_alone(Path(sys.argv[1]), work='w')\nhold.__enter__()\nchild = os.fork()\n"
        "if child == 0:\n    time.sleep(30)\n    os._exit(0)\nprint(child, flush=True)\nos._exit(0)\n"
    )
    done = subprocess.Popen([sys.executable, "-c", lines, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    child = int(done.stdout.readline())
    try:
        done.wait()
        with writing_alone(tmp_path, work="w"):
            assert (tmp_path / LOCK).read_text().startswith(f"process {os.getpid()} ")
    finally:
        os.kill(child, signal.SIGKILL)
        done.stdout.close()


def test_removing_what_is_unfinished_leaves_the_lock(tmp_path, other):
    (tmp_path / "run" / ".part.1234.partial").write_text("left by a kill")
    remove_partials(tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").iterdir()] == [LOCK]
    with pytest.raises(UsageError, match="another process"), writing_alone(tmp_path / "run", work="trains"):
        raise AssertionError("the lock was lost")


def test_another_thread_is_refused_as_well(tmp_path):
    refused = []

    def try_it():
        try:
            with writing_alone(tmp_path, work="works here"):
                pass
        except UsageError as error:
            refused.append(str(error))

    with writing_alone(tmp_path, work="works here"):
        thread = threading.Thread(target=try_it)
        thread.start()
        thread.join()
        assert (tmp_path / LOCK).is_file()
    assert len(refused) == 1
    assert "another thread of this process works here" in refused[0]
    with writing_alone(tmp_path, work="works here"):
        pass


def test_a_folder_is_replaced_under_its_lock(tmp_path):
    for _ in range(2):
        with replacing_alone(tmp_path / "bundle", work="exports to it"):
            with write_folder(tmp_path / "bundle") as work:
                (work / "a").write_text("new")
            remove_partials(tmp_path)
            with (
                pytest.raises(UsageError, match="bundle: another thread of this process exports to it"),
                replacing_alone(tmp_path / "bundle", work="exports to it"),
            ):
                pass
            with replacing_alone(tmp_path / "other", work="exports to it"):
                pass
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_place_without_room_for_a_lock_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written"), writing_alone(tmp_path / "file", work="w"):
        pass
