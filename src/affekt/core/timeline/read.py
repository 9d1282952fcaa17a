"""Timelines from files."""

from __future__ import annotations

from pathlib import Path

from affekt.core.errors import ConfigError
from affekt.core.files.json_file import read_json_object
from affekt.core.settings import validate
from affekt.core.timeline.timeline import Timeline

MAX_BYTES = 1 << 30  # a day of several persons, each frame with its boxes


def read_timeline(path: Path | str) -> Timeline:
    """A timeline that `Timeline.save` wrote as `.json`.

    Raises:
        FolderError: The file cannot be read.
        ConfigError: It is not a timeline of this version; with all problems.
    """
    found, problems = validate(Timeline, read_json_object(Path(path), limit=MAX_BYTES))
    if found is None:
        raise ConfigError(str(path), problems)
    return found
