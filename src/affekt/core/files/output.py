"""Places of output, checked before the work whose result they are to hold.

A check writes a small file without a name where the output will be: permissions, a read-only or full disk and
limits of the process all show then, and not after hours of work. A kill leaves nothing of it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from affekt.core.errors import AffektError, UsageError
from affekt.core.files.whole import partial_of

_PROBE = bytes(64 * 1024)


def check_file(path: Path, *, makes_folders: bool = True, error: type[AffektError] = UsageError) -> None:
    """Refuse a file that cannot be written.

    Args:
        makes_folders: Whether the writer makes the folders above it; else its folder must exist.

    Raises:
        AffektError: With the reason, of the type `error`.
    """
    _check_name(path, error)
    if not makes_folders and not path.parent.is_dir():
        raise error(f"{path.parent} is not a folder; {path.name} cannot be written there")
    if path.is_dir():
        raise error(f"{path} is a folder, and is not replaced by a file: name a file")
    if path.exists() and not path.is_file():
        raise error(f"{path} is no regular file, and is not replaced by one: name a file")
    _probe(path, path.parent, error)


def check_no_input(
    outputs: Iterable[Path], inputs: Iterable[Path], *, error: type[AffektError] = UsageError
) -> None:
    """Refuse an output that is one of the inputs, by whatever name.

    Raises:
        AffektError: With the input, of the type `error`.
    """
    present = [path for path in outputs if path.exists()]  # what does not exist is not replaced
    if not present:
        return
    known = {number: given for given in inputs if (number := _number_of(given)) is not None}
    for path in present:
        number = _number_of(path)
        if number is not None and number in known:
            raise error(
                f"{path} is an input ({known[number]}), and is not replaced by a result: name another file"
            )


def _number_of(path: Path) -> tuple[int, int] | None:
    """What a file is known by, whatever its names are; links are followed."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def check_folder(path: Path, *, error: type[AffektError] = UsageError) -> None:
    """Refuse a folder into which nothing can be written. It and those above it need not exist.

    Raises:
        AffektError: With the reason, of the type `error`.
    """
    _check_name(path, error)
    if path.exists() and not path.is_dir():
        raise error(f"{path} is not a folder: name one for the results")
    _probe(path, path, error)


def _probe(path: Path, folder: Path, error: type[AffektError]) -> None:
    """Write into a folder, or into the first one above it that exists."""
    while not os.path.lexists(folder) and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as probe:
            probe.write(_PROBE)
            probe.write(_PROBE)  # a disk that took a part of the first takes nothing more
    except OSError as reason:
        raise error(f"{path} cannot be written: {reason.strerror or reason}") from None


def _check_name(path: Path, error: type[AffektError]) -> None:
    """Refuse a name that is too long, as that under which the output is written."""
    try:
        os.lstat(partial_of(path))
    except (FileNotFoundError, NotADirectoryError):
        return  # the name is short enough
    except OSError as reason:
        raise error(f"{path} cannot be written: {reason.strerror or reason}") from None
