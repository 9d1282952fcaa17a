"""Files and folders written whole: a kill at any moment leaves the old content or the new one.

They are written beside their place, as `.NAME.<digits>.partial`, synced to the disk and renamed. What a kill
leaves under such a name is never read; `remove_partials` removes it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from affekt.core.errors import AffektError

SUFFIX = ".partial"


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
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with write_whole(Path(folder) / "new" / "a.txt") as partial:
        ...         partial.write_text("hello")
        ...     (Path(folder) / "new" / "a.txt").read_text()
        5
        'hello'
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}{SUFFIX}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        if synced and not partial.is_symlink():
            _sync(partial)
        os.replace(partial, path)
    except OSError as reason:
        raise error(f"{path} cannot be written: {reason.strerror or reason}") from None
    finally:
        with suppress(OSError):
            partial.unlink()


def write_bytes(
    path: Path, content: bytes, *, error: type[AffektError] = AffektError, synced: bool = True
) -> None:
    """Write a file of bytes whole; arguments and errors are those of `write_whole`."""
    with write_whole(path, error=error, synced=synced) as partial:
        partial.write_bytes(content)


def write_text(path: Path, text: str, *, error: type[AffektError] = AffektError) -> None:
    """Write a text file whole, as UTF-8; arguments and errors are those of `write_whole`."""
    write_bytes(path, text.encode(), error=error)


@contextmanager
def write_folder(path: Path) -> Iterator[Path]:
    """Write a folder: fill the yielded one, and it takes the place of `path`; or nothing changes.

    Folders above it are made. An older folder at this place is removed after the new one stands there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent))
    try:
        yield work
        for file in work.rglob("*"):
            if file.is_file():
                _sync(file)
        work.chmod(0o755)
        _put(work, path)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        raise


def link_or_copy(source: str | os.PathLike[str], place: str | os.PathLike[str]) -> None:
    """A second name of a file that is never changed in place; a copy where hard links are refused."""
    try:
        os.link(source, place)
    except OSError:
        shutil.copyfile(source, place)


def is_partial(path: Path) -> bool:
    """Whether a name is that of something that was not finished."""
    return path.name.startswith(".") and path.name.endswith(SUFFIX)


def remove_partials(folder: Path, *, age_s: float = 0.0) -> None:
    """Remove what kills left in a folder and below it.

    Args:
        age_s: Younger ones stay: another process may be writing them.
    """
    # `Path.rglob` would fail where another process has just removed a folder.
    for above, folders, files in os.walk(folder):
        for name in (*folders, *files):
            partial = Path(above, name)
            if is_partial(partial):
                _remove_aged(partial, age_s)
        folders[:] = [name for name in folders if not is_partial(Path(name))]


def _remove_aged(partial: Path, age_s: float) -> None:
    with suppress(FileNotFoundError):  # another process has just finished or removed it
        if time.time() - partial.lstat().st_mtime < age_s:
            return
        if partial.is_dir() and not partial.is_symlink():
            shutil.rmtree(partial)
        else:
            partial.unlink()


def _sync(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())


def _put(work: Path, path: Path) -> None:
    if not path.exists():
        work.rename(path)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=SUFFIX, dir=path.parent))
    path.rename(old / path.name)
    try:
        work.rename(path)
    except OSError:
        (old / path.name).rename(path)
        old.rmdir()
        raise
    shutil.rmtree(old)
