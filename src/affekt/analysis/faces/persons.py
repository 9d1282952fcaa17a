"""Followed faces become tracks of persons."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from affekt.analysis.faces.answers import Answers
from affekt.analysis.faces.boxes import boxes_of, extent_of
from affekt.analysis.faces.followed import FollowedFace
from affekt.analysis.faces.settings import FaceSettings
from affekt.analysis.faces.spans import spans_of
from affekt.core.timeline.parts import Box, Missing, Span, Track
from affekt.core.wording import counted
from affekt.media.tracking import rejoined

JOINED = (
    "seen {count} times, joined by the colours of head and clothes, and the light: an assumption, because "
    "faces are not compared; wrong where two persons look alike in these"
)
NOT_JOINED = (
    "a face that comes back is the same person only where the colours of head and clothes are clearly the "
    "same; so one person may have several tracks"
)
MOST_UNANSWERED = 20  # appearances that are listed one by one
_NUMBERS = re.compile(r"\d+(?:\.\d+)?")


class Persons(NamedTuple):
    """The persons of a video.

    Attributes:
        tracks: One each.
        extents: When any face is seen.
        mouths: By identity, times and motions of the mouth.
        unanswered: Faces that are seen without an answer, and why.
        notes: On the video as a whole.
    """

    tracks: tuple[Track, ...]
    extents: list[tuple[float, float]]
    mouths: dict[str, tuple[tuple[float, float], ...]]
    unanswered: tuple[Missing, ...]
    notes: tuple[str, ...]


def persons_of(
    faces: Sequence[FollowedFace],
    shots: Sequence[tuple[float, float]],
    answers: Answers,
    settings: FaceSettings,
) -> Persons:
    """Tracks of the faces of a video, one a person, in the order in which they appear."""
    faces = sorted(faces, key=lambda it: it.times_s[0])
    numbers = rejoined([it.piece() for it in faces])
    tracks: list[Track] = []
    extents: list[tuple[float, float]] = []
    mouths: dict[str, tuple[tuple[float, float], ...]] = {}
    unanswered: list[Missing] = []
    for number in range(max(numbers, default=-1) + 1):
        spans: list[Span] = []
        boxes: list[Box] = []
        reasons: Counter[str] = Counter()
        own = [face for face, who in zip(faces, numbers, strict=True) if who == number]
        for face in own:
            extent = extent_of(face, shots[face.shot], settings.step_s)
            found = spans_of(face, answers, extent, settings)
            spans += found
            boxes += boxes_of(face, extent, settings.step_s)
            reasons.update(face.reasons)
            extents.append(extent)
            if not found:
                unanswered.append(_without_answer(number, extent, face.reasons))
        mouths[f"F{number + 1}"] = tuple(
            (round(time_s, 3), round(motion, 4))
            for face in own
            for time_s, motion in zip(face.times_s, face.motions, strict=True)
            if not math.isnan(motion)
        )
        notes = [JOINED.format(count=len(own))] if len(own) > 1 else []
        if reasons:
            total = sum(len(face.times_s) for face in own)
            left_out = sum(reasons.values())
            notes.append(f"{left_out} of {counted(total, 'face')} are left out: {_reasons(reasons)}")
        tracks.append(
            Track(
                id=f"face-{number + 1}",
                modality="face",
                person=f"F{number + 1}",
                spans=tuple(spans),
                boxes=tuple(boxes),
                notes=tuple(notes),
            )
        )
    notes = (NOT_JOINED,) if _follow_each_other(tracks) else ()
    return Persons(tuple(tracks), extents, mouths, tuple(_shortened(unanswered)), notes)


def _follow_each_other(tracks: Sequence[Track]) -> bool:
    """Whether somebody is seen first after another has been seen last: they may be the same."""
    firsts = [it.boxes[0].time_s for it in tracks]
    lasts = [it.boxes[-1].time_s for it in tracks]
    return max(firsts, default=0.0) >= min(lasts, default=1.0)


def _shortened(unanswered: list[Missing]) -> list[Missing]:
    """The longest ones, and the others as one: a crowd in the background may have thousands."""
    if len(unanswered) <= MOST_UNANSWERED:
        return unanswered
    by_length = sorted(unanswered, key=lambda it: (it.start_s or 0.0) - (it.end_s or 0.0))
    kept = sorted(by_length[:MOST_UNANSWERED], key=lambda it: it.start_s or 0.0)
    reasons = Counter(it.reason.split(": ", 1)[1] for it in by_length[MOST_UNANSWERED:])
    count = len(unanswered) - MOST_UNANSWERED
    rest = Missing(
        modality="face", reason=f"{counted(count, 'more appearance')} without an answer: {_reasons(reasons)}"
    )
    return [*kept, rest]


def _without_answer(number: int, extent: tuple[float, float], reasons: Counter[str]) -> Missing:
    why = _reasons(reasons) if reasons else "the network gave none"
    return Missing(
        modality="face",
        reason=f"F{number + 1} has no answer: {why}",
        start_s=round(extent[0], 3),
        end_s=round(extent[1], 3),
    )


def _reasons(reasons: Counter[str]) -> str:
    """Reasons, the most frequent first; those that differ in numbers only are one, with its first numbers."""
    kinds: dict[str, tuple[int, str]] = {}
    for reason, count in reasons.items():
        kind = _NUMBERS.sub("#", reason)
        before, first = kinds.get(kind, (0, reason))
        kinds[kind] = (before + count, first)
    ordered = sorted(kinds.values(), key=lambda it: -it[0])
    return "; ".join(text for _, text in ordered)
