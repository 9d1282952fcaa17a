"""What cannot be written is refused before the work."""

import os
import resource
from contextlib import contextmanager
from pathlib import Path

import pytest

from affekt.core.errors import FolderError, UsageError
from affekt.core.files.output import check_file, check_folder


@contextmanager
def full_disk(free=1000):
    """Files cannot grow beyond `free` bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (free, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_place_that_can_be_written_is_left_as_it_is(tmp_path):
    (tmp_path / "a.csv").write_text("old")
    check_file(tmp_path / "a.csv")
    check_file(tmp_path / "new" / "folder" / "b.csv")
    check_folder(tmp_path)
    check_folder(tmp_path / "new" / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "old"


def test_a_folder_without_a_name_can_be_checked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_folder(Path())


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Path.mkdir, "is a folder, and is not replaced by a file"),
        (os.mkfifo, "is no regular file"),
        (lambda path: path.symlink_to("/dev/null"), "is no regular file"),
        (lambda path: path.parent.joinpath("x").write_text(""), None),
    ],
)
def test_only_a_regular_file_is_replaced(tmp_path, make, message):
    make(tmp_path / "a.csv")
    if message is None:
        check_file(tmp_path / "a.csv")
        return
    with pytest.raises(UsageError, match=message):
        check_file(tmp_path / "a.csv")


def test_a_missing_folder_is_refused_where_none_is_made(tmp_path):
    with pytest.raises(UsageError, match=r"missing is not a folder; a\.csv cannot be written there"):
        check_file(tmp_path / "missing" / "a.csv", makes_folders=False)


def test_a_file_in_the_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file is not a folder"):
        check_folder(tmp_path / "file")
    with pytest.raises(FolderError, match="below cannot be written: Not a directory"):
        check_folder(tmp_path / "file" / "below", error=FolderError)
    with pytest.raises(UsageError, match=r"a\.csv cannot be written: Not a directory"):
        check_file(tmp_path / "file" / "a.csv")


def test_a_full_disk_is_refused_and_nothing_is_left(tmp_path):
    with full_disk(), pytest.raises(UsageError, match=r"a\.csv cannot be written: File too large"):
        check_file(tmp_path / "a.csv")
    with full_disk(), pytest.raises(UsageError, match="new cannot be written: File too large"):
        check_folder(tmp_path / "new")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(UsageError, match="cannot be written: Permission denied"):
        check_file(tmp_path / "closed" / "a.csv")


def test_a_name_that_is_too_long_is_refused(tmp_path):
    for check in (check_file, check_folder):
        with pytest.raises(UsageError, match="cannot be written: File name too long"):
            check(tmp_path / ("a" * 250))
