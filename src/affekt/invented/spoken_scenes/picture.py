"""The picture of a line: a drawn face whose expression belongs to the cue, or an empty room.

The faces are those of `affekt.invented.drawn_faces`. Three of them are drawn, and the frames between are
mixtures: the expression appears, is held and fades.
"""

from __future__ import annotations

import numpy as np

from affekt.invented.drawn_faces.corpus import expression_of, person_of, shot_of
from affekt.invented.drawn_faces.painting import paint
from affekt.invented.spoken_scenes.plan import LABELS, PICTURES, SILENT, SPEAKERS, LinePlan
from affekt.media.video import VideoFrames

RATE_HZ = 10.0
ROOM = (70, 84, 96)  # colour of an empty room
HELD = 0.5  # variation between pictures of one person, where 1 is that of `drawn_faces`
_FACES = {"joy": "happiness"}  # names of `drawn_faces` that differ
_STRENGTHS, _TIMES = (0.6, 1.0, 0.8), (0.0, 0.4, 1.0)


def frames_of_line(plan: LinePlan, pixels: int, noise: float) -> VideoFrames:
    """Frames (t, pixels, pixels, 3) of `RATE_HZ`; a room without a person where the modality is silent."""
    rng = plan.rng(PICTURES)
    count = max(2, round(plan.duration_s * RATE_HZ))
    times_s = np.arange(count) / RATE_HZ
    if plan.video == SILENT:
        grain = 4.0 * rng.standard_normal((count, pixels, pixels, 1))
        frames = np.clip(np.array(ROOM) + grain, 0, 255)
    else:
        name = LABELS.names[plan.video]
        person = person_of(np.random.default_rng([plan.seed, SPEAKERS, plan.speaker]), noise)
        shot = shot_of(rng, HELD * noise)
        expression = expression_of(_FACES.get(name, name), rng, HELD * noise)
        faces = [
            paint(person, type(expression)(*(part * value for value in expression)), shot, pixels, rng)
            for part in _STRENGTHS
        ]
        frames = _between(np.stack(faces).astype(np.float32), times_s / plan.duration_s)
    return VideoFrames((frames + 0.5).astype(np.uint8), times_s, count / RATE_HZ)


def _between(faces: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Frames (t, h, w, 3) at places from 0 to 1 between the faces (3, h, w, 3)."""
    position = np.interp(places, _TIMES, np.arange(len(_TIMES)))
    first = np.minimum(position.astype(int), len(faces) - 2)
    share = (position - first).astype(np.float32)[:, None, None, None]
    return faces[first] * (1 - share) + faces[first + 1] * share
