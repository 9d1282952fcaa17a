"""SHA-256 of whole files: a release states the content of its media, not of parts of it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from affekt.core.errors import MediaError


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal.

    Raises:
        MediaError: It is not a regular file, or cannot be read.
    """
    if not path.is_file():
        raise MediaError(f"{path} is not a file" if path.exists() else f"{path} does not exist")
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}") from None
