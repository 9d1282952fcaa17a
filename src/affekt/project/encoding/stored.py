"""Encoded modalities on disk: one safetensors file for each item, named after its content.

    features/3f/3f9a...safetensors

A file is complete or absent, and never changed: an item that is encoded again gets another file.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from affekt.core.files.whole import write_bytes
from affekt.data.release.manifest import ReleasedEncoding
from affekt.project.encoding.encoders import Encoder
from affekt.project.folder import Project

FOLDER = "features"
_KEPT_S = 3600.0  # a file that no item has may be one that another process is about to record


@dataclass(frozen=True)
class Encoded:
    """The file of an item.

    Attributes:
        names: Modalities in it.
    """

    path: Path
    sha256: str
    bytes: int
    names: tuple[str, ...]


def store(project: Project, arrays: Mapping[str, np.ndarray]) -> Encoded:
    """Write the arrays of an item.

    Raises:
        AffektError: The disk is full, or the place cannot be written.
    """
    content = save({name: np.ascontiguousarray(value) for name, value in sorted(arrays.items())})
    sha256 = hashlib.sha256(content).hexdigest()
    path = project.path / FOLDER / sha256[:2] / f"{sha256}.safetensors"
    if not path.is_file() or path.stat().st_size != len(content):
        write_bytes(path, content)
    return Encoded(path, sha256, len(content), tuple(sorted(arrays)))


def encoded_items(project: Project, connection: sqlite3.Connection) -> dict[str, Encoded]:
    """Files of all items that are encoded."""
    return {
        str(row["item_id"]): Encoded(
            project.path / row["path"], row["sha256"], row["bytes"], tuple(row["names"].split())
        )
        for row in connection.execute("SELECT * FROM encoded")
    }


def encoding_document(encoders: Mapping[str, Encoder]) -> dict[str, ReleasedEncoding]:
    """What a release states about its features."""
    return {
        name: ReleasedEncoding(encoder=one.name, width=one.width, key=one.key)
        for name, one in encoders.items()
    }


def remove_unused(project: Project, connection: sqlite3.Connection) -> int:
    """Remove files that no item has any more; returns their number. Releases keep their own."""
    used = {str(row["path"]) for row in connection.execute("SELECT path FROM encoded")}
    removed = 0
    for path in (project.path / FOLDER).glob("*/*.safetensors"):
        is_old = time.time() - path.stat().st_mtime > _KEPT_S
        if is_old and path.relative_to(project.path).as_posix() not in used:
            path.unlink(missing_ok=True)
            removed += 1
    return removed
