"""The folder of a project."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from affekt.core.errors import FolderError, UsageError
from affekt.core.files.whole import write_text
from affekt.core.labels import label_set
from affekt.project.database.connect import connect
from affekt.project.settings.project import FILE, ProjectSettings, read_settings

DATABASE = "project.sqlite"
MEDIA = "media"

_FILE = """\
# What each step of the project does: `affekt project --help` lists the steps, docs/project.md all settings.
title = {title}
labels = {labels}

# Columns of the collected records by what they mean; columns that are not named here are kept as they are.
[records.columns]
id = "id"

# "link" leaves files where they are, "copy" copies them into the project.
[media]
take = "link"

# The sound that is used: the whole sound, the voice alone, or the accompaniment alone.
[sound]
stem = "mix"
"""


@dataclass(frozen=True)
class Project:
    """A project on disk.

    Attributes:
        path: Its folder.
    """

    path: Path

    @classmethod
    def init(cls, path: Path, *, labels: str, title: str = "") -> Project:
        """Make a project in a folder that is empty or does not exist.

        Args:
            labels: A label set by its name.

        Raises:
            UsageError: The folder has content, or no label set has this name.
            AffektError: It cannot be written.
        """
        label_set(labels)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise UsageError(f"{path} exists and is not empty: name a new folder")
        write_text(
            path / FILE, _FILE.format(title=_quoted(title or path.resolve().name), labels=_quoted(labels))
        )
        project = cls(path)
        with project.database():
            return project

    @classmethod
    def open(cls, path: Path) -> Project:
        """A project that exists.

        Raises:
            FolderError: The folder holds none.
        """
        if not (path / FILE).is_file():
            raise FolderError(f"{path} has no {FILE}: `affekt project init {path}` makes a project")
        return cls(path)

    @cached_property
    def settings(self) -> ProjectSettings:
        """What `project.toml` states.

        Raises:
            ConfigError: It has problems.
        """
        return read_settings(self.path / FILE)

    @contextmanager
    def database(self) -> Iterator[sqlite3.Connection]:
        """A connection to its database (`affekt.project.database.connect.connect`)."""
        with connect(self.path / DATABASE) as connection:
            yield connection

    def locate(self, path: str) -> Path:
        """The place of a medium, from `medium.path`."""
        return self.path / path


def origin_of(file: Path) -> str:
    """The place of a collected file as the database holds it, which takes no bytes that are not UTF-8."""
    return str(file.resolve()).encode(errors="backslashreplace").decode()


def _quoted(text: str) -> str:
    """A TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(it if it.isprintable() else f"\\u{ord(it):04x}" for it in escaped) + '"'
