"""How an ELAN document names the file that is annotated."""

from __future__ import annotations

import os
from pathlib import Path

from affekt.report.wording import printable

# Names that ELAN uses; for other types its player reads the file itself.
_MIME = {
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mpg": "video/mpeg",
    ".mpeg": "video/mpeg",
    ".wav": "audio/x-wav",
}


def media_descriptor(path: Path, media: Path, *, kind: str) -> dict[str, str]:
    """The path of a clip, absolute and relative to the document, so that both can be moved together.

    Not percent-encoded: ELAN reads the part after `file:` as a path, and writes it in this form itself.

    Args:
        path: The document.
        kind: `audio` or `video`.
    """
    place = media.resolve().as_posix()
    found = {
        "MEDIA_URL": printable(f"file://{place}" if place.startswith("/") else f"file:///{place}"),
        "MIME_TYPE": _MIME.get(media.suffix.lower(), f"{kind}/*"),
    }
    try:
        relative = Path(os.path.relpath(media.resolve(), path.resolve().parent)).as_posix()
    except ValueError:  # on two drives
        return found
    relative = relative if relative.startswith("../") else f"./{relative}"
    return {**found, "RELATIVE_MEDIA_URL": printable(relative)}
