"""Hashes of samples and arrays, on which prepared clips and cached features depend.

A media file is identified by its name, size and time of change, not by its bytes: reading these takes
microseconds per file, hashing a corpus of videos takes minutes at each start. A copy that keeps times
(`cp -p`, `rsync -t`) counts as the original. Decoded media in memory are identified by their arrays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np


def fingerprint(*values: Any) -> str:
    """SHA-256 of values of any kind, each with its type and size, so that different values stay apart.

    Example:
        >>> fingerprint("ab", "c") == fingerprint("a", "bc")
        False
    """
    digest = hashlib.sha256()
    _add(digest, values)
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    if isinstance(value, Path):
        _add(digest, _facts_of(value))
    elif isinstance(value, np.ndarray):
        digest.update(f"array {value.dtype} {value.shape};".encode())
        digest.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8))
    elif isinstance(value, Mapping):
        digest.update(f"mapping {len(value)};".encode())
        for key in sorted(value, key=repr):
            _add(digest, key)
            _add(digest, value[key])
    elif isinstance(value, list | tuple):
        digest.update(f"sequence {len(value)};".encode())
        for item in value:
            _add(digest, item)
    elif value is None or isinstance(value, bool | int | float | str | bytes | np.generic):
        text = repr(value)
        digest.update(f"{type(value).__name__} {len(text)} {text};".encode())
    else:  # decoded media and other plain objects: by their attributes
        digest.update(f"object {_name_of(type(value))};".encode())
        _add(digest, value.__getstate__())


def _name_of(kind: type) -> str:
    """The name of a class: where it lies, or where it lay when hashes of it were first written.

    A class that was moved states `FINGERPRINT_NAME`, so that features and runs made before stay known.
    """
    return getattr(kind, "FINGERPRINT_NAME", f"{kind.__module__}.{kind.__qualname__}")


def _facts_of(path: Path) -> list[Any]:
    """Name, size in bytes and time of change in nanoseconds; of a folder, those of all its content."""
    try:
        if path.is_dir():
            return [path.name, *(_facts_of(item) for item in sorted(path.iterdir()))]
        status = path.stat()
    except (OSError, ValueError):
        return [path.name, "not there"]
    return [path.name, status.st_size, status.st_mtime_ns]
