"""Objects of a store: written whole, linked from checkpoints, removed when nothing needs them.

A link is symbolic and relative; where the file system refuses it, a hard link; where it has neither, the file
itself, as without a store. What is allowed is found out by trying.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from affekt.core.errors import FolderError
from affekt.core.files.whole import remove_partials, write_bytes
from affekt.engine.store.links import SUFFIX, links_below, object_of
from affekt.engine.store.lock import Taken, hold

log = logging.getLogger(__name__)

FOLDER = "store"
UNLOCKED_AGE_S = (
    24 * 3600.0
)  # without locks, younger objects may belong to a checkpoint that is being written
_FULL = (errno.ENOSPC, errno.EDQUOT)
_SEARCH_SHARE = 0.05  # of the time of a training, at most, that is spent on searching for links


@dataclass
class Store:
    """The store of a folder of runs.

    Attributes:
        runs: Folder of all runs; every link below it counts.
    """

    runs: Path
    _checked: set[str] = field(
        default_factory=set, repr=False
    )  # objects that this process has read or written
    _links: list[str] = field(default_factory=lambda: ["symbolic", "hard"], repr=False)  # not refused so far
    _dropped: set[str] = field(default_factory=set, repr=False)  # perhaps not needed any more
    _search_after: float = field(default=0.0, repr=False)

    @property
    def path(self) -> Path:
        """Folder of the store."""
        return self.runs / FOLDER

    @property
    def objects(self) -> Path:
        """Folder of the objects."""
        return self.path / "objects"

    def place(self, sha256: str) -> Path:
        """The file of an object."""
        return self.objects / f"{sha256}{SUFFIX}"

    def sizes(self) -> dict[str, int]:
        """Size in bytes of each object, by its hash."""
        found = self.objects.iterdir() if self.objects.is_dir() else iter(())
        return {name: file.stat().st_size for file in sorted(found) if (name := object_of(file))}

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock, so that objects stay until they are linked from a checkpoint in its place."""
        with hold(self.path / "lock", alone=False):
            yield

    def put(self, content: bytes, file: Path) -> None:
        """Make a file that has this content: a link to its object, which is written if there is none.

        Call it while `writing`. Several processes may write one object: each writes the whole of it.

        Args:
            file: In a folder that may be renamed, but not moved to another depth.

        Raises:
            FolderError: The disk is full, or the store cannot be written.
        """
        if not self._links:
            file.write_bytes(content)
            return
        sha256 = hashlib.sha256(content).hexdigest()
        self._ensure(sha256, content)
        while self._links:
            try:
                return self._link(self._links[0], self.place(sha256), file)
            except OSError as error:
                if error.errno in _FULL:
                    raise
                log.info(
                    "%s: %s links are refused (%s)", file.parent, self._links[0], error.strerror or error
                )
                del self._links[0]
        self._dropped.add(sha256)
        file.write_bytes(content)

    def drop(self, objects: Iterable[str], *, at_once: bool = False) -> None:
        """Remove objects of checkpoints that were removed, if no other checkpoint needs them.

        The links below all runs are searched for this. Where that takes long, or another process holds the
        lock, it is left for the next call.

        Args:
            at_once: Search now, as after the last epoch.
        """
        self._dropped.update(objects)
        start = time.monotonic()
        if not self._dropped or not (at_once or start >= self._search_after):
            return
        try:
            self.clean(only=self._dropped, wait_s=0.0)
        except Taken:
            return
        except (FolderError, OSError) as error:  # no reason to end a training
            log.warning("objects stay that are perhaps not needed, until affekt store gc: %s", error)
        self._dropped.clear()
        now = time.monotonic()
        self._search_after = now + (now - start) / _SEARCH_SHARE

    def clean(
        self, *, only: Iterable[str] | None = None, wait_s: float = 60.0, dry: bool = False
    ) -> dict[str, int]:
        """Remove objects that no checkpoint below the runs needs, and what kills left of objects.

        Args:
            only: These at most; all if not given.
            wait_s: How long to wait for processes that write a checkpoint.
            dry: Remove nothing.

        Returns:
            Sizes in bytes of the objects that were removed, by their hashes.

        Raises:
            FolderError: A checkpoint is being written for longer than this, or a folder cannot be read.
        """
        if not self.objects.is_dir():
            return {}
        with hold(self.path / "lock", alone=True, wait_s=wait_s) as is_alone:
            age_s = 0.0 if is_alone else UNLOCKED_AGE_S
            given = self.sizes() if only is None else self._sizes_of(only)
            removed = {
                name: size
                for name, size in self._unneeded(given, is_alone=is_alone).items()
                if is_alone or time.time() - self.place(name).stat().st_mtime >= age_s
            }
            if dry:
                return removed
            for name in removed:
                self.place(name).unlink(missing_ok=True)
                self._checked.discard(name)
            remove_partials(self.objects, age_s=age_s)
        return removed

    def _ensure(self, sha256: str, content: bytes) -> None:
        """Write an object that is missing, or not the one that its name states."""
        place = self.place(sha256)
        if place.is_file():
            same_size = place.stat().st_size == len(content)
            if same_size and (sha256 in self._checked or place.read_bytes() == content):
                with suppress(OSError):  # where there are no locks, its age protects it
                    os.utime(place)
                self._checked.add(sha256)
                return
            log.warning("%s was damaged, and is written again", place)
        write_bytes(place, content, error=FolderError)
        self._checked.add(sha256)

    def _link(self, kind: str, place: Path, file: Path) -> None:
        if kind == "hard":
            os.link(place, file)
            return
        # Both real: the runs may lie behind a link to another disk.
        file.symlink_to(os.path.relpath(place.resolve(), file.parent.resolve()))

    def _sizes_of(self, names: Iterable[str]) -> dict[str, int]:
        return {
            name: place.stat().st_size for name in names for place in [self.place(name)] if place.is_file()
        }

    def _unneeded(self, given: dict[str, int], *, is_alone: bool) -> dict[str, int]:
        """Of these objects those that nothing links to; alone, no unfinished checkpoint will be finished."""
        links = links_below(self.runs, without=self.path) if given else ()
        needed = {link.object for link in links if not (is_alone and link.is_partial)}
        return {
            name: size
            for name, size in given.items()
            if name not in needed and self.place(name).stat().st_nlink == 1
        }
