"""The lock of a store: checkpoints are written together, objects are removed alone."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from affekt.core.errors import FolderError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

_TAKEN = (errno.EAGAIN, errno.EACCES)
_POLL_S = 0.05


class Taken(FolderError):
    """Another process holds the lock."""


@contextmanager
def hold(file: Path, *, alone: bool, wait_s: float | None = None) -> Iterator[bool]:
    """Hold a lock; the system frees it when the process ends, also if it is killed.

    Args:
        alone: Without any other holder; otherwise together with others that are not alone.
        wait_s: How long to wait for others; forever if not given.

    Yields:
        Whether the lock is held: some file systems have none.

    Raises:
        Taken: Others still hold it after `wait_s`.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        yield _lock(descriptor, file, alone=alone, wait_s=wait_s)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, file: Path, *, alone: bool, wait_s: float | None) -> bool:
    if fcntl is None:
        return False
    kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    deadline = None if wait_s is None else time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, kind | (0 if deadline is None else fcntl.LOCK_NB))
        except OSError as error:
            if error.errno not in _TAKEN:
                return False  # a file system without locks
            if deadline is None or time.monotonic() >= deadline:
                raise Taken(
                    f"{file} is held by another process, which writes a checkpoint or removes objects: "
                    "try again when it is done"
                ) from None
            time.sleep(_POLL_S)
        else:
            return True
