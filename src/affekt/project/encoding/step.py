"""The step `encode`: title, frames, faces, words and sound of each item to vectors."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from affekt.core.errors import ConfigError, MediaError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.notes import collect_notes
from affekt.media.sound import NoSound
from affekt.media.video import Video, open_video
from affekt.project.encoding.encoders import Encoder, make_encoders
from affekt.project.encoding.faces import faces_of_frames
from affekt.project.encoding.stored import Encoded, remove_unused, store
from affekt.project.encoding.words import cues_of, words_at
from affekt.project.folder import Project
from affekt.project.settings.project import FILE
from affekt.project.steps import Ran, run_step

HEADER_BYTES = 400  # of a file, about
COUNT = "face_count"


class _Result(NamedTuple):
    encoded: Encoded
    path: str
    notes: list[str]


class EncodeStep:
    """See `affekt.project.steps.Step`."""

    name = "encode"

    def __init__(self, project: Project) -> None:
        self._settings = project.settings.encoding

    @cached_property
    def encoders(self) -> dict[str, Encoder]:
        """By modality."""
        return make_encoders(self._settings)

    def expected(self, project: Project, connection: sqlite3.Connection) -> Mapping[str, str]:
        """What the vectors of each item depend on; items without any input are left out."""
        if not self._settings.named:
            return {}
        if "audio" in self._settings.named and project.settings.sound.stem is None:
            raise ConfigError(
                str(project.path / FILE),
                ["sound.stem: which sound is encoded must be stated: mix, voice or accompaniment"],
            )
        shared = fingerprint(
            {name: encoder.key for name, encoder in self.encoders.items()},
            self._settings.dtype,
            self._settings.normalized_faces,
        )
        found: dict[str, str] = {}
        for row in connection.execute("SELECT id, title FROM item ORDER BY id"):
            inputs = _inputs(
                project, connection, str(row["id"]), row["title"] if "title" in self.encoders else None
            )
            if any(inputs):
                found[str(row["id"])] = fingerprint(shared, *inputs)
        return found

    def compute(self, project: Project, connection: sqlite3.Connection, item: str) -> _Result:
        """Encode an item.

        Raises:
            MediaError: A medium cannot be read, or it has nothing that is encoded.
        """
        with collect_notes() as notes:
            arrays = self._arrays(project, connection, item)
        if not arrays:
            raise MediaError(f"{item} has none of {', '.join(self._settings.named)}")
        kind = np.dtype(self._settings.dtype)
        encoded = store(project, {name: value.astype(kind) for name, value in arrays.items()})
        return _Result(encoded, encoded.path.relative_to(project.path).as_posix(), list(notes))

    def write(self, connection: sqlite3.Connection, item: str, result: _Result | None) -> None:
        """Replace the row of an item."""
        connection.execute("DELETE FROM encoded WHERE item_id = ?", (item,))
        connection.execute("DELETE FROM finding WHERE item_id = ? AND step = ?", (item, self.name))
        if result is None:
            return
        encoded = result.encoded
        connection.execute(
            "INSERT INTO encoded (item_id, path, sha256, bytes, names) VALUES (?, ?, ?, ?, ?)",
            (item, result.path, encoded.sha256, encoded.bytes, " ".join(encoded.names)),
        )
        connection.executemany(
            "INSERT OR IGNORE INTO finding (item_id, step, code, level, text) "
            "VALUES (?, ?, 'reading', 'note', ?)",
            [(item, self.name, note) for note in result.notes],
        )

    def _arrays(self, project: Project, connection: sqlite3.Connection, item: str) -> dict[str, np.ndarray]:
        encoders, arrays = self.encoders, dict[str, np.ndarray]()
        title = connection.execute("SELECT title FROM item WHERE id = ?", (item,)).fetchone()["title"]
        if "title" in encoders and title:
            arrays["title"] = encoders["title"]([title])[0]
        file = _medium(connection, item, "video", "")
        video = open_video(project.locate(file["path"])) if file is not None else None
        times = _times(connection, item, video)
        if video is not None and "video" in encoders:
            arrays["video"] = encoders["video"](list(video.read(_frames_at(video, times))))
            if "faces" in encoders:
                faces = faces_of_frames(
                    connection,
                    item,
                    video,
                    times,
                    encoders["faces"],
                    normalized=self._settings.normalized_faces,
                )
                arrays["faces"], arrays[COUNT] = faces.vectors, faces.counts
        cues = cues_of(connection, item, project.settings.words.tracks) if "text" in encoders else []
        if cues:
            arrays["text"] = encoders["text"](words_at(cues, times))
        if "audio" in encoders and (sound := _sound(project, connection, item)) is not None:
            with suppress(NoSound):  # a video without a sound track lacks the modality, as its mask says
                arrays["audio"] = encoders["audio"]([project.locate(sound)])[0]
        return arrays


def encode(project: Project, on_item: Any, *, again: bool = False) -> Ran:
    """Encode what is missing or stale, and remove files that no item has any more."""
    ran = run_step(project, EncodeStep(project), on_item, again=again)
    with project.database() as connection:
        remove_unused(project, connection)
    return ran


def stored_bytes(project: Project) -> int:
    """Size of the files of all items, in bytes."""
    with project.database() as connection:
        return int(connection.execute("SELECT coalesce(sum(bytes), 0) FROM encoded").fetchone()[0])


def predicted_bytes(project: Project) -> int:
    """Size of all files of vectors, from durations, before anything is encoded.

    A duration that is neither measured nor recorded counts as the mean of the others.
    """
    encoders, size = (
        make_encoders(project.settings.encoding),
        np.dtype(project.settings.encoding.dtype).itemsize,
    )
    whole = sum(encoders[name].width for name in ("title", "audio") if name in encoders)
    each = sum(encoders[name].width for name in ("video", "faces", "text") if name in encoders)
    each += "faces" in encoders
    with project.database() as connection:
        rows = connection.execute("SELECT id, duration_s FROM item").fetchall()
        measured = {
            str(row[0]): row[1]
            for row in connection.execute(
                "SELECT item_id, max(json_extract(facts, '$.duration_s')) FROM medium_check GROUP BY item_id"
            )
        }
    known = [measured.get(str(row["id"])) or row["duration_s"] for row in rows]
    stated = [value for value in known if value]
    mean = sum(stated) / len(stated) if stated else 0.0
    steps = [math.floor(value or mean) + 1 for value in known]
    return sum(size * (whole + each * number) + HEADER_BYTES for number in steps)


def _inputs(project: Project, connection: sqlite3.Connection, item: str, title: str | None) -> list[Any]:
    """Everything about an item that is encoded, as plain values."""
    named = project.settings.encoding.named
    video = _medium(connection, item, "video", "") if set(named) & {"video", "faces", "audio"} else None
    stem = project.settings.sound.stem or ""
    sound = _medium(connection, item, "audio", stem) if "audio" in named else None
    faces = (
        connection.execute(
            "SELECT made_from, reason FROM done WHERE step = 'tracks' AND item_id = ?", (item,)
        ).fetchone()
        if "faces" in named
        else None
    )
    cues = cues_of(connection, item, project.settings.words.tracks) if "text" in named else []
    return [
        title,
        video["sha256"] if video is not None else None,
        sound["sha256"] if sound is not None else None,
        tuple(faces) if faces is not None else None,
        [tuple(cue) for cue in cues],
    ]


def _medium(connection: sqlite3.Connection, item: str, kind: str, name: str) -> sqlite3.Row | None:
    return connection.execute(
        "SELECT * FROM medium WHERE item_id = ? AND kind = ? AND name = ?", (item, kind, name)
    ).fetchone()


def _sound(project: Project, connection: sqlite3.Connection, item: str) -> str | None:
    """The file of the stem that the project states; the sound of a video is the mix."""
    stem = project.settings.sound.stem
    found = _medium(connection, item, "audio", stem or "")
    if found is None and stem == "mix":
        found = _medium(connection, item, "video", "")
    return found["path"] if found is not None else None


def _times(connection: sqlite3.Connection, item: str, video: Video | None) -> np.ndarray:
    """Seconds 0, 1, 2 ... up to the end of the video, or of the last words."""
    end_s = float(video.end_s) if video is not None else 0.0
    if video is None:
        row = connection.execute("SELECT duration_s FROM item WHERE id = ?", (item,)).fetchone()
        last = connection.execute("SELECT max(end_s) FROM cue WHERE item_id = ?", (item,)).fetchone()
        end_s = float(row["duration_s"] or last[0] or 0.0)
    return np.arange(math.floor(end_s) + 1, dtype=float)


def _frames_at(video: Video, times: np.ndarray) -> np.ndarray:
    """Number of the frame that is shown at each time."""
    return (np.searchsorted(video.times_s, times, side="right") - 1).clip(0)
