"""The step `recognition`: speech to words, as a track of its own with confidence."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from affekt.assets.registry import find_asset
from affekt.core.errors import MediaError, UsageError
from affekt.core.files.fingerprint import fingerprint
from affekt.media.speech import Recognizer, installed_recognizer, what_is_missing
from affekt.media.speech.whisper import ASSET
from affekt.project.folder import Project
from affekt.project.media import media_of, sound_of, sounds, stated_stem
from affekt.project.words.cues import RECOGNIZED, TimedLine, replace_cues, timed

VERSION = 1  # of how words are stored; a change makes stored ones stale


class RecognitionStep:
    """Items that have the stem of sound which `project.toml` states.

    Args:
        recognizer: The installed one by default.

    Raises:
        UsageError: A part of the recogniser is not installed, or no stem is stated.
    """

    name = "recognition"

    def __init__(self, project: Project, recognizer: Recognizer | None = None) -> None:
        self._stem = stated_stem(project)
        found = recognizer or installed_recognizer()
        if found is None:
            raise UsageError(f"speech cannot be recognised: {what_is_missing()}")
        network = [file.sha256 for file in find_asset(ASSET).files] if recognizer is None else []
        self._recognizer, self._digest = found, fingerprint(VERSION, found.name, network)

    def expected(self, project: Project, connection: sqlite3.Connection) -> Mapping[str, str]:
        return {
            item: fingerprint(self._digest, medium.kind, medium.name, medium.sha256)
            for item, medium in sounds(connection, self._stem).items()
        }

    def compute(self, project: Project, connection: sqlite3.Connection, item: str) -> list[TimedLine]:
        medium = sound_of(media_of(connection, item=item).get(item, ()), self._stem)
        if medium is None:
            raise MediaError(f"{item} has no sound {self._stem} any more")
        return timed(self._recognizer.lines(medium.file(project)))

    def write(self, connection: sqlite3.Connection, item: str, result: list[TimedLine] | None) -> None:
        replace_cues(connection, item, RECOGNIZED, result or ())
