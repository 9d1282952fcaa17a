"""Records of one line each, added to the end of a file."""

from __future__ import annotations

from pathlib import Path

from affekt.core.errors import AffektError


def append_line(path: Path, line: str) -> None:
    """Add a line in one write. What a kill left of an earlier line is removed: else neither could be read.

    The folder above must exist.

    Raises:
        AffektError: The disk is full, or the place cannot be written.
    """
    try:
        with path.open("a+b") as stream:
            end = stream.seek(0, 2)
            stream.seek(max(end - 1, 0))
            if end and stream.read(1) != b"\n":
                stream.seek(0)
                stream.truncate(stream.read().rfind(b"\n") + 1)
            stream.write(line.encode() + b"\n")
    except OSError as error:
        raise AffektError(f"{path} cannot be written: {error.strerror}") from None
