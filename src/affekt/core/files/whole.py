"""Files and folders written whole: a kill at any moment leaves the old content or the new one.

They are written beside their place, as `.NAME.<digits>.partial`, synced to the disk and renamed. What a kill
leaves under such a name is never read; `remove_partials` removes it.

A folder that replaces another one is exchanged with it in one step, where the system can do that (Linux, on
the usual file systems). Elsewhere the older one is renamed to `.NAME.replaced` first; if a kill comes before
the new one is in its place, `recover` puts the older one back at the next read or write.
"""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from affekt.core.errors import AffektError

SUFFIX, REPLACED = ".partial", ".replaced"
# A lock (`affekt.core.files.lock`): as something unfinished it is never read, but a process may hold it.
LOCK = f".lock{SUFFIX}"
_ABANDONED_S = 24 * 3600.0  # what is unfinished after a day was left by a kill
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # of Linux


@contextmanager
def write_whole(path: Path, *, error: type[AffektError] = AffektError, synced: bool = True) -> Iterator[Path]:
    """Write a file, or a link: make it at the yielded path, and it is renamed to `path`; or nothing changes.

    Folders above it are made.

    Args:
        error: What is raised in place of an `OSError`.
        synced: Wait until the disk holds the content. Without it a file may be damaged after a loss of power,
            though not after a kill: for files that are checked when they are read, and can be made again.

    Raises:
        AffektError: The disk is full, or the place cannot be written. Of the type `error`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with write_whole(Path(folder) / "new" / "a.txt") as partial:
        ...         partial.write_text("hello")
        ...     (Path(folder) / "new" / "a.txt").read_text()
        5
        'hello'
    """
    partial = partial_of(path)
    try:
        _check_regular(path, error)
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        put_whole(partial, path, error=error, synced=synced)
    except OSError as reason:
        raise error(f"{path} cannot be written: {reason.strerror or reason}") from None
    finally:
        with suppress(OSError):
            partial.unlink()


def put_whole(
    partial: Path, path: Path, *, error: type[AffektError] = AffektError, synced: bool = True
) -> None:
    """Give a file that was written beside its place (`partial_of`) its name.

    Args:
        synced: As in `write_whole`.

    Raises:
        AffektError: It cannot be; the file beside the place stays. Of the type `error`.
    """
    try:
        if synced and not partial.is_symlink():
            _sync(partial)
        os.replace(partial, path)
    except OSError as reason:
        raise error(f"{path} cannot be written: {reason.strerror or reason}") from None


def write_bytes(
    path: Path, content: bytes, *, error: type[AffektError] = AffektError, synced: bool = True
) -> None:
    """Write a file of bytes whole; arguments and errors are those of `write_whole`."""
    with write_whole(path, error=error, synced=synced) as partial:
        partial.write_bytes(content)


def write_text(path: Path, text: str, *, error: type[AffektError] = AffektError) -> None:
    """Write a text file whole, as UTF-8; arguments and errors are those of `write_whole`.

    Bytes of file names that are not UTF-8 are written as escapes, so that nothing is lost.
    """
    write_bytes(path, text.encode(errors="backslashreplace"), error=error)


@contextmanager
def write_folder(path: Path, *, error: type[AffektError] = AffektError) -> Iterator[Path]:
    """Write a folder: fill the yielded one, and it takes the place of `path`; or nothing changes.

    Folders above it are made. An older folder at this place is removed after the new one stands there.

    Args:
        error: What is raised in place of an `OSError`.

    Raises:
        AffektError: The disk is full, or the place cannot be written. Of the type `error`.
    """
    work = partial_of(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        recover(path)
        work.mkdir()  # not by `tempfile`, whose folders only their owner can read: the umask decides
        yield work
        for file in work.rglob("*"):
            if file.is_file():
                _sync(file)
        _put(work, path)
    except BaseException as reason:
        shutil.rmtree(work, ignore_errors=True)
        if isinstance(reason, OSError):
            raise error(f"{path} cannot be written: {reason.strerror or reason}") from None
        raise


@contextmanager
def write_into(folder: Path, *, error: type[AffektError] = AffektError) -> Iterator[Path]:
    """Write files into a folder that may hold others: fill the yielded one, and each file takes its place.

    The folder is made. Nothing changes before all files are written; other files of the folder stay.

    Raises:
        AffektError: The disk is full, or the place cannot be written. Of the type `error`.
    """
    work = folder / partial_of(folder).name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_abandoned(folder / (folder.name or "folder"))
        work.mkdir()
        yield work
        files = [file for file in work.rglob("*") if file.is_file()]
        for file in files:
            _sync(file)
        for file in files:
            place = folder / file.relative_to(work)
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, place)
    except OSError as reason:
        raise error(f"{folder} cannot be written: {reason.strerror or reason}") from None
    finally:
        shutil.rmtree(work, ignore_errors=True)


def recover(path: Path) -> None:
    """Put an older folder back whose replacement a kill prevented; nothing else is changed."""
    older = path.with_name(f".{path.name}{REPLACED}")
    if os.path.lexists(older) and not os.path.lexists(path):
        with suppress(OSError):  # another process has just done it
            older.rename(path)


def link_or_copy(source: str | os.PathLike[str], place: str | os.PathLike[str]) -> None:
    """A second name of a file that is never changed in place; a copy where hard links are refused."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)


def partial_of(path: Path) -> Path:
    """A name beside a file or folder, under which it is written; each call gives another one."""
    return path.parent / f".{path.name or 'folder'}.{secrets.token_hex(4)}{SUFFIX}"  # "." has no name


def is_partial(path: Path) -> bool:
    """Whether a name is that of something that was not finished."""
    return path.name.startswith(".") and path.name.endswith(SUFFIX)


def remove_partials(folder: Path, *, age_s: float = 0.0) -> None:
    """Remove what kills left in a folder and below it, except for locks.

    Args:
        age_s: Younger ones stay: another process may be writing them.
    """
    # `Path.rglob` would fail where another process has just removed a folder.
    for above, folders, files in os.walk(folder):
        for name in (*folders, *files):
            partial = Path(above, name)
            if is_partial(partial) and not name.endswith(LOCK):
                _remove_aged(partial, age_s)
        folders[:] = [name for name in folders if not is_partial(Path(name))]


def remove_abandoned(path: Path) -> None:
    """Remove what kills left of writes to this place; what is younger may be that of another process."""
    for left in path.parent.iterdir():
        if is_partial(left) and left.name.startswith(f".{path.name}.") and not left.name.endswith(LOCK):
            _remove_aged(left, _ABANDONED_S)


def _remove_aged(partial: Path, age_s: float) -> None:
    with suppress(FileNotFoundError):  # another process has just finished or removed it
        if time.time() - partial.lstat().st_mtime < age_s:
            return
        if partial.is_dir() and not partial.is_symlink():
            shutil.rmtree(partial)
        else:
            partial.unlink()


def _check_regular(path: Path, error: type[AffektError]) -> None:
    """Refuse to put a file in the place of a device or a pipe, which root could."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise error(f"{path} cannot be written: it is no regular file")


def _sync(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _put(work: Path, path: Path) -> None:
    older = path.with_name(f".{path.name}{REPLACED}")
    if os.path.lexists(path):
        _remove(older)  # of a replacement that a kill ended after the new folder was in its place
    if not os.path.lexists(path):
        work.rename(path)
    elif _exchange(work, path):
        _remove(work)
    else:
        path.rename(older)
        try:
            work.rename(path)
        except OSError:
            older.rename(path)
            raise
        _remove(older)
    remove_abandoned(path)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or the file system cannot."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):  # not Linux
        return False
    return rename(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0


def _remove(path: Path) -> None:
    """Remove a folder with its content, a file, or a link; what is open elsewhere may stay."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()
