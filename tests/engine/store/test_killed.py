"""A process that is killed anywhere in an epoch leaves a run that can be read and continued."""

import errno
import os
import signal
import sys
import traceback

import pytest

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
CHANGES = ("os.rename", "os.symlink", "os.link", "os.remove", "os.rmdir", "os.mkdir", "fcntl.flock")


def in_child(work, folder, place, act):
    """Do some work in a process of its own; before its change number `place` of the disk, `act` is called.

    Returns:
        How it ended: the number of a signal, or 0; 3 for an exception; and the number of its changes.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        changes = 0

        def watch(event, given):
            nonlocal changes
            opened = event == "open" and str(given[0]).startswith(str(folder)) and given[2] & WRITING
            if opened or event in CHANGES:
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


@pytest.fixture
def changes(training, further, tmp_path):
    """The number of changes of the disk in an epoch."""
    other = further(9)
    other.epoch(1)
    ended, said = in_child(lambda: other.epoch(2), tmp_path, 0, kill)
    assert ended == 0, said
    other.store.drop((), at_once=True)
    return int(said)


def test_a_run_that_was_killed_at_any_step_is_continued_to_the_same_objects(
    training, further, tmp_path, changes
):
    straight = further(1)
    straight.epoch(1)
    straight.epoch(2)
    assert changes > 20
    for place in range(1, changes + 1):
        killed = further(2)
        killed.epoch(1)
        ended, said = in_child(lambda run=killed: run.epoch(2), tmp_path, place, kill)
        assert ended == signal.SIGKILL, f"change {place}: {said}"
        assert killed.read() in (1, 2) and killed.read("best") in (1, 2)
        killed.store.clean()  # also right after the kill: objects without a link are no loss
        done = killed.read()
        assert done in (1, 2)
        killed.epoch(2)
        assert killed.read() == killed.read("best") == 2
        assert straight.read() == 2
        killed.store.clean()
        partial = [path for path in killed.run.checkpoints.rglob("*.partial")]
        assert not partial, f"change {place}"
        import shutil

        shutil.rmtree(killed.run.path)
        killed.store.clean()
        assert killed.objects == {
            link.resolve().stem for link in straight.run.last.rglob("*") if link.is_symlink()
        } | {link.resolve().stem for link in further(9).run.last.rglob("*") if link.is_symlink()}


def test_on_a_full_disk_the_last_good_checkpoint_stays(training, further, tmp_path, changes):
    for place in range(1, changes + 1):
        full = further(2)
        full.epoch(1)
        ended, said = in_child(lambda run=full: run.epoch(2), tmp_path, place, fill)
        assert full.read() in (1, 2) and full.read("best") in (1, 2)
        if ended:  # what can be left undone, such as removing an old file, does not end a training
            assert "No space left on device" in said
            assert said.rstrip().splitlines()[-1].startswith("affekt.core.errors."), said
        full.epoch(2)
        assert full.read() == full.read("best") == 2
        import shutil

        shutil.rmtree(full.run.path)


def test_a_full_disk_is_reported_with_the_next_step(training, monkeypatch):
    from affekt.core.errors import FolderError
    from affekt.engine.store import objects

    training.epoch(1)
    monkeypatch.setattr(objects, "write_bytes", lambda *given, **named: fill())
    with pytest.raises(FolderError) as caught:
        training.epoch(2)
    said = str(caught.value)
    assert "epoch-2 cannot be written" in said and "No space left on device" in said
    assert "affekt store gc" in said and "--resume" in said
    assert training.read() == training.read("best") == 1
    assert [path.name for path in training.run.checkpoints.iterdir() if not path.is_symlink()] == ["epoch-1"]
