"""The step `encode`: title, frames, faces, words and sound of each item to vectors."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import NamedTuple

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.notes import collect_notes, note
from affekt.media.sound import NoSound
from affekt.media.video import Video, open_video
from affekt.project.encoding.encoders import Encoder, make_encoders
from affekt.project.encoding.faces import faces_of_frames
from affekt.project.encoding.inputs import ItemInputs, inputs_of
from affekt.project.encoding.stored import Encoded, remove_unused, store
from affekt.project.folder import Project
from affekt.project.steps import Ran, run_step
from affekt.project.words.cues import words_at_seconds

FACE_COUNT = "face_count"


class _Result(NamedTuple):
    encoded: Encoded
    path: str  # below the project
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
        shared = fingerprint(
            {name: encoder.key for name, encoder in self.encoders.items()},
            self._settings.dtype,
            self._settings.normalized_faces,
        )
        return {
            item: fingerprint(shared, inputs.key)
            for item, inputs in inputs_of(project, connection).items()
            if not inputs.is_empty
        }

    def compute(self, project: Project, connection: sqlite3.Connection, item: str) -> _Result:
        """Encode an item.

        Raises:
            MediaError: A medium cannot be read, or it has nothing that is encoded.
        """
        inputs = inputs_of(project, connection, item=item)[item]
        with collect_notes() as notes:
            arrays = self._arrays(project, connection, item, inputs)
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
            [(item, self.name, text) for text in result.notes],
        )

    def _arrays(
        self, project: Project, connection: sqlite3.Connection, item: str, inputs: ItemInputs
    ) -> dict[str, np.ndarray]:
        encoders = self.encoders
        arrays: dict[str, np.ndarray] = {}
        if inputs.title:
            arrays["title"] = encoders["title"]([inputs.title])[0]
        video = open_video(inputs.video.file(project)) if inputs.video else None
        times = _seconds(inputs, video)
        if video is not None and "video" in encoders:
            arrays["video"] = encoders["video"](list(video.read(_frames_at(video, times))))
        if video is not None and "faces" in encoders:
            if inputs.no_faces:
                note(f"faces were not searched: {inputs.no_faces}")
            else:
                is_normalized = self._settings.normalized_faces
                faces = faces_of_frames(
                    connection, item, video, times, encoders["faces"], normalized=is_normalized
                )
                arrays["faces"], arrays[FACE_COUNT] = faces.vectors, faces.counts
        if inputs.cues or inputs.captions:
            spoken, seen = (words_at_seconds(it, times[-1]) for it in (inputs.cues, inputs.captions))
            arrays["text"] = encoders["text"](
                ["\n".join(filter(None, it)) for it in zip(spoken, seen, strict=True)]
            )
        if inputs.sound:
            with suppress(NoSound):  # a video without a sound track lacks the modality, as its mask says
                arrays["audio"] = encoders["audio"]([inputs.sound.file(project)])[0]
        return arrays


def encode(project: Project, on_item: Callable[[int, int], None], *, again: bool = False) -> Ran:
    """Encode what is missing or stale, and remove files that no item has any more."""
    ran = run_step(project, EncodeStep(project), on_item, again=again)
    with project.database() as connection:
        remove_unused(project, connection)
    return ran


def _seconds(inputs: ItemInputs, video: Video | None) -> np.ndarray:
    """Seconds 0, 1, 2 ... up to the end of the video; without one, of what is stated, or of the words."""
    if video is not None:
        end_s = float(video.end_s)
    else:
        end_s = inputs.stated_s or max((cue.end_s for cue in (*inputs.cues, *inputs.captions)), default=0.0)
    return np.arange(math.floor(end_s) + 1, dtype=float)


def _frames_at(video: Video, times: np.ndarray) -> np.ndarray:
    """Number of the frame that is shown at each time."""
    return (np.searchsorted(video.times_s, times, side="right") - 1).clip(0)
