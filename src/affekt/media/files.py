"""Files below a folder: one walk for prediction and for every data set that is read from folders.

Links are followed, each real folder is read once, and hidden files are left out. What cannot be used is
counted with its reason.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from affekt.core.sample import Skipped

# What systems and tools leave in folders, small letters; names with a leading dot are hidden as well.
_OF_SYSTEMS = frozenset({
    "__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information",
    "@eadir", "lost+found", "icon\r",
})  # fmt: skip
_SHOWN = 20  # of many suffixes


class FolderListing(NamedTuple):
    """Files below a folder.

    Attributes:
        files: Regular files, sorted; files that links lead to are among them.
        folders: Folders that were read, without the first, sorted.
        left_out: What is no file or cannot be read, with the reason; ids are paths below the folder.
        hidden: Number of hidden files and folders, which are not read.
    """

    files: list[Path]
    folders: list[Path]
    left_out: list[Skipped]
    hidden: int


def is_hidden(name: str) -> bool:
    """Whether a name is that of a hidden file, such as `._1.png`, or of a system, such as `__MACOSX`."""
    return name.startswith(".") or name.casefold() in _OF_SYSTEMS


def walk(folder: Path) -> FolderListing:
    """All visible files below a folder.

    Links to folders are read after the folders that lie there, so that a file is found under its own path
    first. A link to a folder that was read already, or to one that holds it, is left out.
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
            if _holds(real, root) or _holds(real, os.path.realpath(link.parent)):
                _leave_out(found, folder, link, "leads back to a folder that holds it", "links in a circle")
                continue
            if real in read:
                _leave_out(
                    found, folder, link, f"leads to {read[real]}, which is read", "folders linked twice"
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
                inside = os.path.join(real, name)  # noqa: PTH118 (no Path: it would cost more than the walk)
                if inside in read:  # reached by a link before
                    _leave_out(
                        found, folder, path, f"is read as {read[inside]} already", "folders linked twice"
                    )
                    continue
                read[inside] = path
                found.folders.append(path)
                waiting.append((path, inside))
    return FolderListing(sorted(found.files), sorted(found.folders), sorted(found.left_out, key=_id), hidden)


def has_suffix(path: Path, suffixes: Sequence[str]) -> bool:
    """Whether a name ends in one of the suffixes, in capitals or not."""
    return path.suffix.lower() in suffixes


def suffix_list(suffixes: Sequence[str]) -> str:
    """Suffixes as a message names them, many of them cut short."""
    more = f" and {len(suffixes) - _SHOWN} more" if len(suffixes) > _SHOWN else ""
    return ", ".join(suffixes[:_SHOWN]) + more


def kind_by_suffix(path: Path) -> str:
    """What files of one kind are counted under: `.txt`, in small letters."""
    return path.suffix.lower() or "without a suffix"


def other_kinds(root: Path, files: Iterable[Path], suffixes: Sequence[str], kind: str) -> list[Skipped]:
    """Files that are none of the modality by their names."""
    kinds = suffix_list(suffixes)
    return [
        Skipped(
            path.relative_to(root).as_posix(),
            f"{path} is no {kind} by its name ({kinds})",
            kind_by_suffix(path),
        )
        for path in files
        if not has_suffix(path, suffixes)
    ]


def _kind_of(path: Path) -> Skipped | str:
    """`file`, `folder`, `link` to a folder, or why it is none of them."""
    try:
        status = path.stat()
    except OSError as error:
        if path.is_symlink():
            return Skipped("", "is a link that leads nowhere", "links that lead nowhere")
        return Skipped("", f"cannot be read: {error.strerror}", "files that cannot be read")
    if stat.S_ISDIR(status.st_mode):
        return "link" if path.is_symlink() else "folder"
    if stat.S_ISREG(status.st_mode):
        return "file"
    return Skipped("", "is a pipe, socket or device", "pipes, sockets and devices")


def _holds(outer: str, inner: str) -> bool:
    """Whether a real path is another one, or a folder around it."""
    return inner == outer or inner.startswith(outer.rstrip(os.sep) + os.sep)


def _leave_out(found: FolderListing, folder: Path, path: Path, reason: str, kind: str) -> None:
    name = path.relative_to(folder).as_posix() if path != folder else str(folder)
    found.left_out.append(Skipped(name, f"{path} {reason}", kind))


def _id(item: Skipped) -> str:
    return item.id
