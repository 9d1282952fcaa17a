"""Listing of the files below a folder, for prediction and for every data set that is read from folders.

Links are followed, each real folder is read once, and hidden files are left out. Files that cannot be used
are reported with a reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from affekt.core.sample import Skipped

# Lower-case names that operating systems and tools create; names with a leading dot are hidden as well.
_SYSTEM_NAMES = frozenset({
    "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information",
    "@eadir", "lost+found", "icon\r",
})  # fmt: skip
_MAX_SUFFIXES = 20  # that a message lists


class FolderListing(NamedTuple):
    """Files below a folder.

    Attributes:
        files: Regular files, sorted, including those that are reached by links.
        folders: Folders that were read, without the root, sorted.
        left_out: Entries that are not files or cannot be read, with the reason; ids are relative paths.
        hidden: Number of hidden files and folders, which are not read.
    """

    files: list[Path]
    folders: list[Path]
    left_out: list[Skipped]
    hidden: int


def is_hidden(name: str) -> bool:
    """Whether a name is hidden, such as `._1.png`, or written by an operating system, such as `__MACOSX`."""
    return name.startswith(".") or name.casefold() in _SYSTEM_NAMES


def walk(folder: Path) -> FolderListing:
    """All visible files below a folder.

    Links to folders are read after the real folders, so that a file is listed under its own path. A link to a
    folder that was read already, or to a folder that contains the link, is left out.
    """
    found = FolderListing([], [], [], 0)
    hidden = 0
    root = os.path.realpath(folder)
    read = {root: folder}
    links: list[Path] = []
    waiting = [(folder, root)]
    while waiting or links:
        if not waiting:
            links.sort(reverse=True)
            link = links.pop()
            real = os.path.realpath(link)
            if _contains(real, root) or _contains(real, os.path.realpath(link.parent)):
                _leave_out(
                    found, folder, link, "leads back to a folder that contains it", "links in a circle"
                )
                continue
            if real in read:
                _leave_out(
                    found,
                    folder,
                    link,
                    f"leads to {read[real]}, which is read already",
                    "folders linked twice",
                )
                continue
            read[real] = link
            found.folders.append(link)
            waiting.append((link, real))
        here, real = waiting.pop()
        try:
            with os.scandir(here) as listing:
                names = sorted(entry.name for entry in listing)
        except OSError as error:
            _leave_out(
                found, folder, here, f"cannot be read: {error.strerror}", "folders that cannot be read"
            )
            continue
        for name in names:
            if is_hidden(name):
                hidden += 1
                continue
            path = here / name
            kind = _kind_of(path)
            if isinstance(kind, Skipped):
                _leave_out(found, folder, path, kind.reason, kind.kind)
            elif kind == "file":
                found.files.append(path)
            elif kind == "link":
                links.append(path)
            else:
                inside = os.path.join(real, name)  # noqa: PTH118 (building a Path costs more than the listing)
                if inside in read:  # already reached by a link
                    _leave_out(
                        found, folder, path, f"was read already as {read[inside]}", "folders linked twice"
                    )
                    continue
                read[inside] = path
                found.folders.append(path)
                waiting.append((path, inside))
    return FolderListing(sorted(found.files), sorted(found.folders), sorted(found.left_out, key=_id), hidden)


def has_suffix(path: Path, suffixes: Sequence[str]) -> bool:
    """Whether a name ends in one of the suffixes, in upper or lower case."""
    return path.suffix.lower() in suffixes


def suffix_list(suffixes: Sequence[str]) -> str:
    """Suffixes as text for a message; a long list is cut short."""
    more = f" and {len(suffixes) - _MAX_SUFFIXES} more" if len(suffixes) > _MAX_SUFFIXES else ""
    return ", ".join(suffixes[:_MAX_SUFFIXES]) + more


def kind_by_suffix(path: Path) -> str:
    """Name under which files are counted: the suffix in lower case, such as `.txt`."""
    return path.suffix.lower() or "without a suffix"


def other_kinds(root: Path, files: Iterable[Path], suffixes: Sequence[str], kind: str) -> list[Skipped]:
    """Files whose suffix is not one of the modality's."""
    kinds = suffix_list(suffixes)
    return [
        Skipped(
            path.relative_to(root).as_posix(),
            f"{path} is not a {kind} by its name ({kinds})",
            kind_by_suffix(path),
        )
        for path in files
        if not has_suffix(path, suffixes)
    ]


def _kind_of(path: Path) -> Skipped | str:
    """`file`, `folder` or `link` (to a folder); else the reason to leave it out."""
    try:
        status = path.stat()
    except OSError as error:
        if path.is_symlink():
            return Skipped("", "is a broken link", "broken links")
        return Skipped("", f"cannot be read: {error.strerror}", "files that cannot be read")
    if stat.S_ISDIR(status.st_mode):
        return "link" if path.is_symlink() else "folder"
    if stat.S_ISREG(status.st_mode):
        return "file"
    return Skipped("", "is a pipe, socket or device", "pipes, sockets and devices")


def _contains(outer: str, inner: str) -> bool:
    """Whether a real path equals another one or contains it."""
    return inner == outer or inner.startswith(outer.rstrip(os.sep) + os.sep)


def _leave_out(found: FolderListing, folder: Path, path: Path, reason: str, kind: str) -> None:
    name = path.relative_to(folder).as_posix() if path != folder else str(folder)
    found.left_out.append(Skipped(name, f"{path} {reason}", kind))


def _id(item: Skipped) -> str:
    return item.id
