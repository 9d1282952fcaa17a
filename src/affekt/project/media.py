"""The media of items, as they were imported, and the sound that `project.toml` chooses among them."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from affekt.core.errors import MediaError, UsageError
from affekt.project.folder import Project

MIX = "mix"  # the stem that a video's own sound is


@dataclass(frozen=True)
class Medium:
    """A media file of an item.

    Attributes:
        name: A stem of sound, a track of subtitles, or empty.
        path: As in the table `medium`.
        bytes: Size when it was imported.
    """

    item: str
    kind: str
    name: str
    path: str
    bytes: int
    sha256: str

    @property
    def label(self) -> str:
        """For messages, such as `video` or `audio voice`."""
        return f"{self.kind} {self.name}".rstrip()

    def file(self, project: Project) -> Path:
        """The file, which has the size that was imported.

        Raises:
            MediaError: It is gone, or was replaced.
        """
        place = project.locate(self.path)
        try:
            size = place.stat().st_size
        except OSError:
            raise MediaError(
                f"{self.item}: the {self.label} is not at {place}: import it again, or link its folder again"
            ) from None
        if size != self.bytes:
            raise MediaError(
                f"{self.item}: the {self.label} at {place} has {size} bytes, and had {self.bytes} when it "
                "was imported: import it again"
            )
        return place


def media_of(connection: sqlite3.Connection, *, item: str | None = None) -> dict[str, list[Medium]]:
    """The media of one item or of all, in the order of kinds and names; items without media are left out."""
    where, values = ("WHERE item_id = ? ", (item,)) if item is not None else ("", ())
    found: dict[str, list[Medium]] = defaultdict(list)
    for row in connection.execute(
        f"SELECT item_id, kind, name, path, bytes, sha256 FROM medium {where}ORDER BY item_id, kind, name",
        values,
    ):
        found[str(row["item_id"])].append(Medium(*row))
    return dict(found)


def of_kind(media: Iterable[Medium], kind: str) -> list[Medium]:
    """Those of one kind."""
    return [medium for medium in media if medium.kind == kind]


def stated_stem(project: Project) -> str:
    """The stem of sound that `project.toml` states.

    Raises:
        UsageError: It states none.
    """
    stem = project.settings.sound.stem
    if stem is None:
        raise UsageError(
            f'{project.path / "project.toml"} does not state which sound is used: [sound] stem = "mix", '
            '"voice" or "accompaniment"'
        )
    return stem


def sound_of(media: Sequence[Medium], stem: str) -> Medium | None:
    """The medium with a stem of sound; None if there is none.

    A video's own sound is the stem `mix`, if no sound file is; whether the video has a sound track shows only
    when it is decoded.
    """
    for medium in of_kind(media, "audio"):
        if medium.name == stem:
            return medium
    videos = of_kind(media, "video")
    return videos[0] if stem == MIX and videos else None


def sounds(connection: sqlite3.Connection, stem: str) -> Mapping[str, Medium]:
    """The medium with a stem of sound of each item that has it."""
    found = {item: sound_of(media, stem) for item, media in media_of(connection).items()}
    return {item: medium for item, medium in found.items() if medium is not None}
