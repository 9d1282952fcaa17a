"""Files and folders appear whole, or nothing changes."""

import os
import signal
import stat
import subprocess
import sys

import pytest

from affekt.core.errors import AffektError, FolderError
from affekt.core.files import whole
from affekt.core.files.whole import (
    LOCK,
    is_partial,
    recover,
    remove_abandoned,
    remove_partials,
    write_bytes,
    write_folder,
    write_into,
    write_text,
    write_whole,
)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_text_is_replaced(tmp_path):
    write_text(tmp_path / "new" / "a.txt", "one")
    write_text(tmp_path / "new" / "a.txt", "zwei: ö")
    assert (tmp_path / "new" / "a.txt").read_bytes() == "zwei: ö".encode()
    assert names(tmp_path / "new") == ["a.txt"]


def test_what_kills_left_beside_a_folder_is_removed_after_a_day(tmp_path):
    old, young, other = (
        tmp_path / f".{name}.partial" for name in ("a.affekt.00", "a.affekt.11", "b.affekt.00")
    )
    for left in (old, young, other):
        left.mkdir()
        (left / "model.onnx").write_text("half")
        if left != young:
            os.utime(left, (0, left.stat().st_mtime - 25 * 3600))
    with write_folder(tmp_path / "a.affekt") as work:
        (work / "model.onnx").write_text("whole")
    assert names(tmp_path) == [young.name, other.name, "a.affekt"]


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    with write_whole(tmp_path / "a.txt") as partial:
        partial.write_text("ne")
        assert is_partial(partial) and partial.parent == tmp_path
        assert (tmp_path / "a.txt").read_text() == "old"
        partial.write_text("new")
    assert (tmp_path / "a.txt").read_text() == "new"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(KeyboardInterrupt), write_whole(tmp_path / "a.txt") as partial:
        partial.write_text("half")
        raise KeyboardInterrupt
    assert (tmp_path / "a.txt").read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.parametrize("error", [AffektError, FolderError])
def test_a_full_disk_is_an_error_of_the_type_asked_for(tmp_path, monkeypatch, error):
    def full(file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(error, match=r"a\.bin cannot be written: No space left on device") as caught:
        write_bytes(tmp_path / "a.bin", b"x", error=error)
    assert type(caught.value) is error
    assert names(tmp_path) == []


def test_a_place_below_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(AffektError, match="cannot be written"):
        write_text(tmp_path / "file" / "a.txt", "x")


def test_a_link_is_replaced_without_touching_what_it_points_at(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        with write_whole(tmp_path / "last") as partial:
            partial.symlink_to(name, target_is_directory=True)
    assert (tmp_path / "last").readlink().name == "two"
    assert names(tmp_path) == ["last", "one", "two"]


def test_a_folder_replaces_the_old_one(tmp_path):
    for content in ("one", "two"):
        with write_folder(tmp_path / "new" / "folder") as work:
            (work / "below").mkdir()
            (work / "below" / f"{content}.txt").write_text(content)
    assert names(tmp_path / "new") == ["folder"]
    assert names(tmp_path / "new" / "folder" / "below") == ["two.txt"]


def test_a_failed_folder_leaves_the_old_one_and_nothing_else(tmp_path):
    with write_folder(tmp_path / "folder") as work:
        (work / "a.txt").write_text("old")
    with pytest.raises(RuntimeError), write_folder(tmp_path / "folder") as work:
        (work / "a.txt").write_text("half")
        raise RuntimeError
    assert names(tmp_path) == ["folder"]
    assert (tmp_path / "folder" / "a.txt").read_text() == "old"


def test_what_kills_left_is_removed_once_it_is_old_enough(tmp_path):
    (tmp_path / "below" / ".folder.1.partial").mkdir(parents=True)
    old, new, kept = tmp_path / ".a.txt.1.partial", tmp_path / ".b.txt.2.partial", tmp_path / "c.partial"
    for file in (old, new, kept, tmp_path / "below" / ".folder.1.partial" / "a.txt"):
        file.write_text("half")
    for path in (old, tmp_path / "below" / ".folder.1.partial"):
        os.utime(path, (0, 0))
    remove_partials(tmp_path, age_s=3600.0)
    assert names(tmp_path) == [new.name, "below", "c.partial"]
    assert names(tmp_path / "below") == []
    remove_partials(tmp_path)
    assert names(tmp_path) == ["below", "c.partial"]


KILLED = """
import os, signal, sys
from pathlib import Path
from affekt.core.files import whole

if "no exchange" in sys.argv:
    whole._exchange = lambda one, other: False

def dying(call):
    def wrapped(*arguments):
        done = call(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
        return done
    return wrapped

number = int(sys.argv[2])
calls = 0
def counted(call):
    def wrapped(*arguments):
        global calls
        calls += 1
        return dying(call)(*arguments) if calls == number else call(*arguments)
    return wrapped

Path.rename, whole._exchange, whole._remove = map(counted, (Path.rename, whole._exchange, whole._remove))
with whole.write_folder(Path(sys.argv[1])) as work:
    (work / "a").write_text("new")
print("done")
"""


@pytest.mark.parametrize("way", ["exchange", "no exchange"])
@pytest.mark.parametrize("number", range(1, 7))
def test_a_kill_after_any_step_leaves_the_older_folder_or_the_new_one(tmp_path, way, number):
    place = tmp_path / "x.affekt"
    with write_folder(place) as work:
        (work / "a").write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(place), str(number), way],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    recover(place)
    assert (place / "a").read_text() in ("old", "new")
    with write_folder(place) as work:
        (work / "a").write_text("newer")
    remove_partials(tmp_path)
    assert (place / "a").read_text() == "newer"
    assert names(tmp_path) == ["x.affekt"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the exchange is one of Linux")
def test_a_folder_is_exchanged_in_one_step(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a").write_text(name)
    assert whole._exchange(tmp_path / "one", tmp_path / "two")
    assert [(tmp_path / name / "a").read_text() for name in ("one", "two")] == ["two", "one"]


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o755), (0o077, 0o700), (0o027, 0o750)])
def test_folders_have_the_mode_that_the_umask_leaves(tmp_path, mask, mode):
    before = os.umask(mask)
    try:
        with write_folder(tmp_path / "a"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode


def test_a_link_to_a_folder_is_replaced_and_what_it_points_at_stays(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target", target_is_directory=True)
    with write_folder(tmp_path / "link") as work:
        (work / "a").write_text("new")
    assert names(tmp_path) == ["link", "target"]
    assert not (tmp_path / "link").is_symlink()
    assert names(tmp_path / "target") == []


def full(descriptor):
    raise OSError(28, "No space left on device")


def test_a_folder_on_a_full_disk_is_an_error_of_the_type_asked_for(tmp_path, monkeypatch):
    with write_folder(tmp_path / "a") as work:
        (work / "file").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with (
        pytest.raises(FolderError, match="a cannot be written: No space left on device"),
        write_folder(tmp_path / "a", error=FolderError) as work,
    ):
        (work / "file").write_text("new")
    assert names(tmp_path) == ["a"] and (tmp_path / "a" / "file").read_text() == "old"


def test_files_are_put_into_a_folder_beside_others(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for content in ("one", "two"):
        with write_into(tmp_path) as work:
            (work / "below").mkdir()
            (work / "below" / "a").write_text(content)
            (work / "b").write_text(content)
    assert names(tmp_path) == ["b", "below", "notes.txt"]
    assert {(tmp_path / name).read_text() for name in ("b", "below/a")} == {"two"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, AffektError])
def test_files_of_an_unfinished_work_change_nothing(tmp_path, error):
    (tmp_path / "a").write_text("old")
    with pytest.raises(error), write_into(tmp_path) as work:
        (work / "a").write_text("new")
        raise error
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "old"


def test_files_on_a_full_disk_change_nothing(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(AffektError, match="No space left on device"), write_into(tmp_path) as work:
        (work / "a").write_text("new")
    assert names(tmp_path) == ["a"] and (tmp_path / "a").read_text() == "old"


def test_text_with_bytes_of_a_file_name_is_written_with_escapes(tmp_path):
    write_text(tmp_path / "a.txt", os.fsdecode(b"caf\xe9.png"))
    assert (tmp_path / "a.txt").read_text() == "caf\\udce9.png"


def test_a_pipe_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(AffektError, match="pipe cannot be written: it is no regular file"):
        write_text(tmp_path / "pipe", "x")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_lock_beside_a_folder_is_not_removed_whatever_its_age(tmp_path):
    lock = tmp_path / f".a.affekt{LOCK}"
    lock.touch()
    os.utime(lock, (0, 0))
    remove_abandoned(tmp_path / "a.affekt")
    assert lock.exists()
