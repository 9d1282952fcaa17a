"""Regular files: a named pipe or a device where a file should be is refused at once, and sizes are limited.

Reading a pipe waits for a writer, perhaps for ever, and some devices have no end.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading; links are followed.

    Raises:
        OSError: There is no such file, or it is a pipe, a socket, a device or a folder.
    """
    _check(path, path.stat().st_mode)  # before opening: to open a device may change it
    # Not waiting for the writer of a pipe that has taken the place of the file since.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _check(path, os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, *, limit: int | None = None) -> bytes:
    """The bytes of a regular file.

    Args:
        limit: In bytes.

    Raises:
        OSError: As `open_regular`; or it has more bytes than the limit, which are not read.
    """
    with open_regular(path) as stream:
        content = stream.read(-1 if limit is None else limit + 1)
    if limit is not None and len(content) > limit:
        raise OSError(errno.EFBIG, f"it has more than {limit} bytes", str(path))
    return content


def is_regular(path: Path) -> bool:
    """Whether there is a regular file, also for names that no system can have, as tables may list them."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder, also for names that no system can have."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _check(path: Path, mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is a pipe, a socket or a device, not a regular file", str(path))
