"""How many bytes runs hold, and how many their shared objects save."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from affekt.engine.store.links import links_below, object_of
from affekt.engine.store.objects import Store


@dataclass(frozen=True)
class RunUsage:
    """Bytes of one run.

    Attributes:
        alone: If each of its checkpoints held its own weights, as after `detach`.
        own: Of its files, and of objects that only this run needs.
        shared: Of objects that other runs need too.
    """

    path: Path
    alone: int
    own: int
    shared: int

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"path": str(self.path)}


@dataclass(frozen=True)
class Usage:
    """Bytes of all runs and their store.

    Attributes:
        objects: Number of objects.
        object_bytes: Of all objects.
        unneeded_bytes: Of objects that no checkpoint below the runs needs.
        disk_bytes: Of the files of all runs, and of all objects.
        alone_bytes: Of all runs, if each checkpoint held its own weights.
    """

    runs: tuple[RunUsage, ...]
    objects: int
    object_bytes: int
    unneeded_bytes: int
    disk_bytes: int
    alone_bytes: int

    @property
    def saved_bytes(self) -> int:
        """Bytes that the runs would need in addition, without a store."""
        return self.alone_bytes + self.unneeded_bytes - self.disk_bytes

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        values = asdict(self) | {"runs": [run.to_dict() for run in self.runs]}
        return values | {"saved_bytes": self.saved_bytes}


@dataclass
class _Files:
    """Files below one folder: those of its own, and each use of an object."""

    plain: int = 0
    uses: Counter[str] = field(default_factory=Counter)


def measure(store: Store, folders: Sequence[Path]) -> Usage:
    """Bytes of runs and of their store; of files, not of the blocks that they fill.

    Args:
        folders: Of the runs below `store.runs`.

    Raises:
        FolderError: A folder of the runs cannot be read.
    """
    sizes = store.sizes()
    inodes = {_inode(store.place(name)): name for name in sizes}
    files = {folder: _files(folder, sizes, inodes) for folder in folders}
    users = Counter(name for found in files.values() for name in found.uses)
    runs: list[RunUsage] = []
    for folder, found in files.items():
        shared = sum(sizes[name] for name in found.uses if users[name] > 1)
        once = sum(sizes[name] for name in found.uses)
        alone = found.plain + sum(sizes[name] * count for name, count in found.uses.items())
        runs.append(RunUsage(folder, alone, found.plain + once - shared, shared))
    needed = set(users) | {link.object for link in links_below(store.runs, without=store.path)}
    objects = sum(sizes.values())
    return Usage(
        tuple(runs),
        objects=len(sizes),
        object_bytes=objects,
        unneeded_bytes=sum(size for name, size in sizes.items() if name not in needed),
        disk_bytes=objects + sum(found.plain for found in files.values()),
        alone_bytes=sum(run.alone for run in runs),
    )


def _files(folder: Path, sizes: dict[str, int], inodes: dict[tuple[int, int], str]) -> _Files:
    found = _Files()
    seen: set[tuple[int, int]] = set()
    for path in _below(folder):
        if path.is_symlink():
            name = object_of(path.readlink())
            if name in sizes:
                found.uses[name] += 1
            continue
        inode = _inode(path)
        if inode in inodes:
            found.uses[inodes[inode]] += 1
        elif inode not in seen:  # hard links of one file are counted once
            seen.add(inode)
            found.plain += path.stat().st_size
    return found


def _below(folder: Path) -> Iterator[Path]:
    """Files and links below a folder; links to folders are not followed."""
    for path in folder.rglob("*"):
        if path.is_symlink() or path.is_file():
            yield path


def _inode(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino
