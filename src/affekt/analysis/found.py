"""What a stage of an analysis takes, and what it finds.

A stage is a function of the medium, a network and its settings. It knows no other stage: persons are joined
afterwards. A local identity, such as `F1` of faces or `V1` of voices, stands in place of a person until then.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from pydantic import Field

from affekt.core.settings import Settings
from affekt.core.timeline.parts import Box, Medium, Missing, SpokenLine, Track
from affekt.media.sound import SoundSource
from affekt.media.video import Video

# Called with the seconds of the medium that are done.
OnProgress = Callable[[float], None]


def silent(done_s: float) -> None:
    """No progress is shown."""


class OpenMedium(NamedTuple):
    """A medium that is open for reading.

    Attributes:
        medium: Its facts.
        path: The file, or the folder of frames.
        video: Its moving picture, indexed; None without any.
        sound: Its sound; None without any.
        picture: (h, w, 3) uint8 RGB, upright, of a single picture such as a photo; None for others.
        lines: The file is one of words, such as subtitles without their film.
        notes: Limitations that were seen when it was opened.
    """

    medium: Medium
    path: Path
    video: Video | None
    sound: SoundSource | None
    picture: np.ndarray | None = None
    lines: bool = False
    notes: tuple[str, ...] = ()


class Found(Settings):
    """What a stage found.

    Attributes:
        tracks: `person` holds the stage's own identity, such as `F1`; empty for the whole medium.
        other_faces: Faces that were found and are no track, as in `Timeline`.
        shots: Start and end of each shot, where the stage looks for them.
        words: `person` holds the speaker as the source names it, or the stage's own identity.
        names: Names of identities that the source itself states, such as `Anna:` in subtitles.
        alike: Pairs of identities that may be of one person, which more than this stage knows has to decide.
        mouths: Of identities of faces: times, and how much the mouth moved before them
            (`affekt.media.faces.mouth`).
        missing: What gave no answer, and why.
        notes: Limitations of the medium that concern the whole stage.
    """

    tracks: tuple[Track, ...] = ()
    other_faces: tuple[Box, ...] = ()
    shots: tuple[tuple[float, float], ...] = ()
    words: tuple[SpokenLine, ...] = ()
    names: dict[str, str] = Field(default_factory=dict)
    alike: tuple[tuple[str, str], ...] = ()
    mouths: dict[str, tuple[tuple[float, float], ...]] = Field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    notes: tuple[str, ...] = ()
