"""Which objects the checkpoints below a folder need: by their links, which is all that is known of this."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from affekt.core.errors import FolderError
from affekt.core.files.sealed import MANIFEST
from affekt.core.files.whole import is_partial

SUFFIX = ".safetensors"
_OBJECT = re.compile(r"([0-9a-f]{64})\.safetensors")


@dataclass(frozen=True)
class Link:
    """A link to an object.

    Attributes:
        object: SHA-256 of the object, as its name states it.
        is_partial: Whether it lies in a checkpoint that was not finished.
    """

    path: Path
    object: str
    is_partial: bool


def object_of(path: Path | str) -> str:
    """The SHA-256 that the name of an object states; empty if it is no such name.

    Example:
        >>> object_of("store/objects/" + 32 * "0a" + ".safetensors")[:4]
        '0a0a'
    """
    found = _OBJECT.fullmatch(Path(path).name)
    return found[1] if found else ""


def links_below(folder: Path, *, without: Path | None = None) -> Iterator[Link]:
    """All symbolic links to objects below a folder, at any depth; links to folders are followed.

    A link counts wherever it leads, by the name of the object: a link that leads nowhere is one too.

    Args:
        without: A folder that is not searched: the store itself.

    Raises:
        FolderError: A folder cannot be read.
    """
    known = {_place(without)} if without is not None and without.exists() else set[tuple[int, int]]()
    waiting = [(folder, False)]
    while waiting:
        here, partial = waiting.pop()
        try:
            place = _place(here)
            if place in known:  # reached by another link
                continue
            known.add(place)
            entries = sorted(os.scandir(here), key=lambda entry: (not entry.is_symlink(), entry.name))
        except FileNotFoundError:  # removed by a training while this search is under way
            continue
        except OSError as error:
            raise FolderError(f"{here} cannot be searched for links to objects: {error.strerror}") from None
        for entry in entries:
            path = Path(entry.path)
            if entry.is_symlink() and (name := _linked(path)):
                yield Link(path, name, partial)
            elif path.is_dir():
                waiting.append((path, partial or is_partial(path)))  # links to folders come last


def objects_of_checkpoint(folder: Path) -> set[str]:
    """Hashes of all files that a checkpoint states, some of which are objects; empty if it states none."""
    try:
        files = json.loads((folder / MANIFEST).read_bytes())["files"]
        return {entry["sha256"] for entry in files.values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {link.object for link in links_below(folder)}


def _linked(path: Path) -> str:
    try:
        return object_of(path.readlink())
    except OSError:  # removed in the meantime
        return ""


def _place(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
