"""One process at a time writes a folder: a second one is refused, and does not undo the work of the first."""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from affekt.core.errors import UsageError
from affekt.core.files.whole import LOCK

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_TAKEN = (errno.EAGAIN, errno.EACCES)
_held: set[Path] = set()  # by this process, whose own threads the lock of the system would not part
_changing = threading.Lock()


@contextmanager
def writing_alone(folder: Path, *, work: str) -> Iterator[None]:
    """Hold the lock of a folder, which is made; the system frees it when the process ends, however it ends.

    The lock of a folder that is exchanged as a whole (`write_folder`) lies beside it: see `replacing_alone`.

    The lock is one of the process (`lockf`): unlike that of `flock`, processes that are forked from it, such
    as workers of a loader, do not keep it. File systems and systems without such locks have none.

    Args:
        work: What the other process does, for the error, as in "trains this run".

    Raises:
        UsageError: Another process, or another thread, holds it.
    """
    with _hold(folder / LOCK, folder, work):
        yield


@contextmanager
def replacing_alone(folder: Path, *, work: str) -> Iterator[None]:
    """Hold the lock of a folder that is to be written and then take the place of an older one.

    Folders above it are made. Else as `writing_alone`.

    Raises:
        UsageError: Another process, or another thread, holds it.
    """
    with _hold(folder.parent / f".{folder.name or 'folder'}{LOCK}", folder, work):
        yield


@contextmanager
def _hold(file: Path, folder: Path, work: str) -> Iterator[None]:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from None
    place = file.parent.resolve() / file.name
    with _changing:
        if place in _held:
            raise UsageError(f"{folder}: another thread of this process {work}: wait until it is done")
        descriptor = _locked(place, folder, work)
        _held.add(place)
    try:
        yield
    finally:
        with _changing:
            _held.discard(place)
            if _is_current(descriptor, place):
                with suppress(OSError):
                    place.unlink()
            os.close(descriptor)


def _locked(place: Path, folder: Path, work: str) -> int:
    while True:
        try:
            descriptor = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise UsageError(f"{folder} cannot be written: {error.strerror or error}") from None
        try:
            if fcntl is not None:
                fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in _TAKEN:
                other = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
                os.close(descriptor)
                raise UsageError(
                    f"{folder}: another process ({other or 'unknown'}) {work}: wait until it is done, or end "
                    "it"
                ) from None
        if _is_current(descriptor, place):
            with suppress(OSError):  # a full disk: others are refused without a name
                os.truncate(descriptor, 0)
                os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
            return descriptor
        os.close(descriptor)  # its holder has removed it since


def _is_current(descriptor: int, place: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), place.stat())
    except FileNotFoundError:
        return False


def _after_fork_in_child() -> None:
    global _changing
    _changing = threading.Lock()  # a thread of the parent may have held it
    _held.clear()  # the locks are the parent's


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
