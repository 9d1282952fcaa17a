"""Results of stages on the disk, so that an analysis that was killed goes on where it was.

    <affekt's caches>/analysis/<hash>/faces.json   what a stage found

The hash is that of all that the results depend on: the medium (name, size, time of change), the networks,
settings, parts from packages, and the version. Results hold no pictures and no sound. They are removed when
the analysis is complete.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from affekt.analysis.found import Found
from affekt.assets.places import user_caches
from affekt.core.errors import FolderError
from affekt.core.files.json_file import read_json_object
from affekt.core.files.whole import write_text
from affekt.core.settings import validate

MAX_BYTES = 1 << 30


class StoredStages:
    """The results of the stages of one analysis.

    Args:
        key: Hash of all that they depend on.
        resume: Use what an earlier analysis left; otherwise it is removed.
    """

    def __init__(self, key: str, *, resume: bool) -> None:
        self.folder = user_caches() / "analysis" / key[:32]
        if not resume:
            self.remove()

    def found(self, stage: str, find: Callable[[], Found]) -> Found:
        """The stored result of a stage; else its result, which is stored.

        Raises:
            AffektError: Of the stage, or the disk is full.
        """
        file = self.folder / f"{stage}.json"
        if (earlier := _read(file)) is not None:
            return earlier
        result = find()
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(file, result.model_dump_json())
        return result

    def remove(self) -> None:
        """Remove all results."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _read(file: Path) -> Found | None:
    """A stored result; None if there is none, or it is damaged: it is made anew then."""
    if not file.is_file():
        return None
    try:
        found, problems = validate(Found, read_json_object(file, limit=MAX_BYTES))
    except FolderError:
        return None
    return None if problems else found
