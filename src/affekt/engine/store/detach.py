"""A run folder that needs no store: every link to an object becomes a file."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from affekt.core.errors import FolderError, UsageError
from affekt.core.files.whole import write_folder, write_whole
from affekt.engine.store.links import Link, links_below


def detach(run: Path, to: Path | None = None) -> int:
    """Replace the links of a run to objects by files, in place or in a copy; then it can be moved.

    A kill leaves a run that works, of which some links are replaced.

    Args:
        to: Folder of a copy that is made; the run itself then stays as it is.

    Returns:
        Bytes of the files that replaced links.

    Raises:
        FolderError: An object is missing or damaged, or the disk is full. A copy is then not made.
        UsageError: `to` exists.
    """
    links = list(links_below(run))
    problems = [f"{link.path}: {reason}" for link in links if (reason := _problem(link))]
    if problems:
        advice = "affekt store verify lists all runs that need these objects"
        raise FolderError("\n  ".join([f"{run} cannot be made self-contained: {advice}", *problems]))
    if to is None:
        for link in links:
            _replace(link.path)
        return sum(link.path.stat().st_size for link in links)
    if to.exists():
        raise UsageError(f"{to} exists: name a folder that does not")
    with write_folder(to, error=FolderError) as work:
        shutil.copytree(run, work, symlinks=True, dirs_exist_ok=True)
        for link in links:
            copy = work / link.path.relative_to(run)
            copy.unlink()
            shutil.copyfile(link.path, copy)
    return sum(link.path.stat().st_size for link in links)


def _problem(link: Link) -> str:
    try:
        with link.path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return f"the object {link.path.readlink()} cannot be read ({error.strerror or error})"
    return "" if digest == link.object else f"the object {link.path.resolve()} is damaged"


def _replace(path: Path) -> None:
    with write_whole(path, error=FolderError) as partial:
        shutil.copyfile(path, partial)
