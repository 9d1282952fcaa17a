"""What of an item is encoded, as the project holds it now."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from affekt.core.files.fingerprint import fingerprint
from affekt.project.folder import Project
from affekt.project.media import Medium, media_of, of_kind, sound_of, stated_stem
from affekt.project.words.cues import Cue, stored_cues

_FACES_DONE = "SELECT made_from, reason FROM done WHERE step = 'tracks-face' AND item_id = ?"


@dataclass(frozen=True)
class ItemInputs:
    """Inputs of the encoders for one item; None or empty where it has none, or no encoder takes it.

    Attributes:
        captions: Further words of each second.
        faces: What the search for faces was made from; None if it was not searched.
        no_faces: Why there is no result of the search.
        stated_s: Duration that the records state.
    """

    title: str | None
    video: Medium | None
    sound: Medium | None
    cues: tuple[Cue, ...]
    captions: tuple[Cue, ...]
    faces: str | None
    no_faces: str | None
    stated_s: float | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be encoded."""
        return not (self.title or self.video or self.sound or self.cues or self.captions)

    @property
    def key(self) -> str:
        """Hash of the content of all inputs."""
        return fingerprint(
            self.title,
            self.video.sha256 if self.video else None,
            self.sound.sha256 if self.sound else None,
            [tuple(cue) for cue in self.cues],
            [tuple(cue) for cue in self.captions],
            self.faces,
            self.no_faces,
            # Without a video, it is what states the number of seconds.
            None if self.video else self.stated_s,
        )


def inputs_of(
    project: Project, connection: sqlite3.Connection, *, item: str | None = None
) -> dict[str, ItemInputs]:
    """Inputs of one item or of all.

    Raises:
        UsageError: Sound is encoded, and `project.toml` does not state which.
    """
    settings, named = project.settings, project.settings.encoding.named
    stem = stated_stem(project) if "audio" in named else ""
    media = media_of(connection, item=item)
    where, values = ("WHERE id = ?", (item,)) if item is not None else ("", ())
    found: dict[str, ItemInputs] = {}
    for row in connection.execute(f"SELECT id, title, duration_s FROM item {where} ORDER BY id", values):
        own = media.get(row["id"], [])
        videos = of_kind(own, "video") if {"video", "faces"} & set(named) else []
        faces = connection.execute(_FACES_DONE, (row["id"],)).fetchone() if "faces" in named else None
        cues = stored_cues(connection, row["id"], settings.words.tracks) if "text" in named else []
        has_captions = "text" in named and settings.encoding.captions
        captions = stored_cues(connection, row["id"], (settings.encoding.captions,)) if has_captions else []
        found[str(row["id"])] = ItemInputs(
            title=row["title"] if "title" in named else None,
            video=videos[0] if videos else None,
            sound=sound_of(own, stem) if "audio" in named else None,
            cues=tuple(cues),
            captions=tuple(captions),
            faces=faces["made_from"] if faces else None,
            no_faces=faces["reason"] if faces else None,
            stated_s=row["duration_s"],
        )
    return found
