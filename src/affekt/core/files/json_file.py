"""JSON files of affekt's own folders, which anybody may have changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from affekt.core.errors import FolderError
from affekt.core.files.regular import read_regular

MAX_BYTES = 64 * 2**20  # a table of labels by sample; documents of settings have a few kilobytes


def read_json_object(path: Path, *, limit: int = MAX_BYTES) -> dict[str, Any]:
    """The object that a JSON file holds.

    Raises:
        FolderError: The file cannot be read, has more bytes than the limit, or holds no JSON object.
    """
    try:
        found = json.loads(read_regular(path, limit=limit))
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise FolderError(f"{path} cannot be read: {str(reason)[:200]}") from None
    if not isinstance(found, dict):
        raise FolderError(f"{path} holds a {type(found).__name__}; a JSON object was expected")
    return found
