"""The media that the page may show: files that the project has taken in, and no others."""

from __future__ import annotations

import mimetypes
import os
import sqlite3
from pathlib import Path

from affekt.core.errors import MediaError
from affekt.project.folder import MEDIA, Project, origin_of

# Types that browsers know under another name than the tables of some systems.
_TYPES = {".m4v": "video/mp4", ".mkv": "video/x-matroska", ".flac": "audio/flac", ".opus": "audio/ogg"}


def medium_of(project: Project, connection: sqlite3.Connection, path: str) -> tuple[Path, str]:
    """The file of a medium, from `medium.path`, and its type for the browser.

    Raises:
        MediaError: The project has no such medium, it lies outside the folder of media, or it is a link to
            another file than the one that was collected.
    """
    row = connection.execute("SELECT path, origin FROM medium WHERE path = ? LIMIT 1", (path,)).fetchone()
    folder = os.path.normpath(project.path / MEDIA)
    place = os.path.normpath(project.locate(path))
    if row is None or not place.startswith(folder + os.sep):
        raise MediaError(f"the project has no medium {path}")
    real = os.path.realpath(place)
    if origin_of(Path(real)) != row["origin"] and not real.startswith(os.path.realpath(folder) + os.sep):
        raise MediaError(f"{path} is a link to another file than {row['origin']}")
    if not os.path.isfile(real):  # noqa: PTH113
        raise MediaError(f"{path} is missing: import its folder again")
    suffix = Path(place).suffix
    return Path(real), _TYPES.get(suffix) or mimetypes.guess_type(place)[0] or "application/octet-stream"
