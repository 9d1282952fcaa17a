"""A process that is killed anywhere in an epoch leaves a run that can be read and continued."""

import errno
import os
import shutil
import signal
import sys
import traceback

import pytest

from affekt.core.errors import FolderError
from affekt.engine.store import objects
from affekt.engine.store.check import check_store

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
NEEDING_SPACE = ("os.rename", "os.symlink", "os.link", "os.mkdir")
CHANGES = (*NEEDING_SPACE, "os.remove", "os.rmdir", "fcntl.flock")
FROZEN, MODEL = "frozen/encoders.T.safetensors", "model.safetensors"


def in_child(work, folder, place, act, events):
    """Do some work in a process of its own; before its change number `place` of the disk, `act` is called.

    Args:
        events: Audit events that count as changes, beside files that are opened for writing.

    Returns:
        How it ended: the number of a signal, or 0, or 3 for an exception; and the number of its changes, or
        the traceback.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        changes = 0

        def watch(event, given):
            nonlocal changes
            opened = event == "open" and str(given[0]).startswith(str(folder)) and given[2] & WRITING
            if opened or event in events:
                changes += 1
                if changes == place:
                    act()

        sys.addaudithook(watch)
        try:
            work()
            os.write(writing, str(changes).encode())
            os._exit(0)
        except BaseException:
            os.write(writing, traceback.format_exc().encode())
            os._exit(3)
    os.close(writing)
    with os.fdopen(reading) as stream:
        said = stream.read()
    status = os.waitpid(child, 0)[1]
    ended = os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    return ended, said


def kill():
    os.kill(os.getpid(), signal.SIGKILL)


def fill():
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_run_that_was_killed_at_any_step_is_continued_to_the_same_end(further, tmp_path):
    place, ended = 0, signal.SIGKILL
    while ended:
        place += 1
        killed = further(1)
        killed.epoch(1)
        ended, said = in_child(lambda run=killed: run.epoch(2), tmp_path, place, kill, CHANGES)
        assert ended in (0, signal.SIGKILL), said
        assert killed.read() in (1, 2) and killed.read("best") in (1, 2)
        killed.store.clean()  # right after the kill, too
        assert killed.read() in (1, 2) and killed.read("best") in (1, 2)
        assert check_store(killed.store) == []
        killed.epoch(2)
        assert killed.read() == killed.read("best") == 2
        killed.store.clean()
        assert killed.objects == {killed.file(name).resolve().stem for name in (FROZEN, MODEL)}
        left = [*killed.run.checkpoints.rglob("*.partial"), *killed.store.path.rglob("*.partial")]
        assert not left, f"change {place}"
        shutil.rmtree(killed.runs)
    assert place > 25  # it survived when there was no such step any more


def test_a_run_that_was_killed_in_its_first_epoch_starts_again(further, tmp_path):
    place, ended = 0, signal.SIGKILL
    while ended:
        place += 1
        killed = further(1)
        ended, said = in_child(lambda run=killed: run.epoch(1), tmp_path, place, kill, CHANGES)
        assert ended in (0, signal.SIGKILL), said
        assert not killed.run.last.exists() or killed.read() == 1
        killed.store.clean()
        killed.epoch(1)
        assert killed.read() == killed.read("best") == 1 and check_store(killed.store) == []
        shutil.rmtree(killed.runs)
    assert place > 20


def test_on_a_full_disk_the_last_good_checkpoint_stays(further, tmp_path):
    place, said = 0, ""
    while not said.isdigit() or place <= int(said):
        place += 1
        full = further(2)
        full.epoch(1)
        ended, said = in_child(lambda run=full: run.epoch(2), tmp_path, place, fill, NEEDING_SPACE)
        assert full.read() in (1, 2) and full.read("best") in (1, 2)
        if ended:
            last = said.rstrip().splitlines()[-1]
            assert last.startswith("affekt.core.errors.") and "No space left on device" in last, said
        full.epoch(2)
        assert full.read() == full.read("best") == 2
        shutil.rmtree(full.runs)
    assert place > 10


def test_a_full_disk_is_reported_with_the_next_step(training, monkeypatch):
    training.epoch(1)
    monkeypatch.setattr(objects, "write_bytes", lambda *given, **named: fill())
    with pytest.raises(FolderError) as caught:
        training.epoch(2)
    said = str(caught.value)
    assert "epoch-2 cannot be written" in said and "No space left on device" in said
    assert "affekt store gc" in said and "--resume" in said
    assert training.read() == training.read("best") == 1
    assert [path.name for path in training.run.checkpoints.iterdir() if not path.is_symlink()] == ["epoch-1"]
