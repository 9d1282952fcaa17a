"""Faces followed through shots, as compact arrays: some 60 bytes a face."""

from __future__ import annotations

import math
from array import array
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from affekt.media.detection.detector import intersection_over_union
from affekt.media.faces.mouth import mouth_motion
from affekt.media.tracking import Motion, Piece, Tracker
from affekt.media.tracking.appearance import nothing_seen
from affekt.media.video.shots import Judged

SAME_PLACE = 0.5  # mean overlap of two that are one; a detector gives no two such boxes in a frame
LEFT_OUT = -1  # in place of a face that the network was not asked about


class Seen(NamedTuple):
    """The faces of a frame.

    Attributes:
        boxes: (n, 4) left, top, right, bottom in shares of the picture.
        scores: (n,) of the detector.
        looks: (n, 2, 256), as `affekt.media.tracking.appearance_of`.
        faces: Places of their answers, or `LEFT_OUT`.
        reasons: Why faces were left out.
        mouths: (2, s, s) each, as `affekt.media.faces.mouth_patch`; None for a face that was left out.
    """

    boxes: np.ndarray
    scores: np.ndarray
    looks: np.ndarray
    faces: list[int]
    reasons: list[str]
    mouths: list[np.ndarray | None]


@dataclass
class FollowedFace:
    """A face from when it appears to when it leaves, within one shot.

    Attributes:
        shot: Number of its shot, from 0.
        times_s, scores, faces: Of n searched frames, in order.
        boxes: 4 n values.
        motions: How much the mouth moved since the frame before; NaN where that is not known.
        look: Sum of its appearances.
        mouth: Its last mouth.
        reasons: Why the network was not asked, and how often.
    """

    shot: int
    times_s: array = field(default_factory=lambda: array("d"))
    boxes: array = field(default_factory=lambda: array("f"))
    scores: array = field(default_factory=lambda: array("f"))
    faces: array = field(default_factory=lambda: array("l"))
    motions: array = field(default_factory=lambda: array("f"))
    look: np.ndarray = field(default_factory=nothing_seen)
    mouth: np.ndarray | None = None
    reasons: Counter = field(default_factory=Counter)

    def add(self, time_s: float, seen: Seen, place: int) -> None:
        self.times_s.append(time_s)
        self.boxes.extend(seen.boxes[place].tolist())
        self.scores.append(float(seen.scores[place]))
        self.faces.append(seen.faces[place])
        self.look = self.look + seen.looks[place]
        before, self.mouth = self.mouth, seen.mouths[place]
        if before is None or self.mouth is None:
            self.motions.append(math.nan)
        else:
            self.motions.append(mouth_motion(before, self.mouth))
        if seen.reasons[place]:
            self.reasons[seen.reasons[place]] += 1

    def join(self, other: FollowedFace) -> None:
        """Take the faces of another one, which is the same; no frame holds both."""
        times_s = np.concatenate([self.times_s, other.times_s])
        order = np.argsort(times_s, kind="stable")
        if other.times_s[-1] > self.times_s[-1]:
            self.mouth = other.mouth
        boxes = np.concatenate([self.boxes, other.boxes]).reshape(-1, 4)[order]
        for name in ("times_s", "scores", "faces", "motions"):
            both = np.concatenate([getattr(self, name), getattr(other, name)])[order]
            setattr(self, name, array(getattr(self, name).typecode, both.tolist()))
        self.boxes = array(self.boxes.typecode, boxes.ravel().tolist())
        self.look = self.look + other.look
        self.reasons.update(other.reasons)

    def piece(self) -> Piece:
        """What re-joining compares."""
        lengths = np.linalg.norm(self.look, axis=1, keepdims=True)
        look = np.divide(self.look, lengths, out=np.zeros_like(self.look), where=lengths > 0)
        return Piece(self.times_s[0], self.times_s[-1], len(self.times_s), look)


class Follower:
    """Joins the faces of frames to tracks, and ends all tracks at cuts.

    Frames wait until it is known whether they begin a shot.

    Args:
        aspect: Width of the picture in its height. Faces are followed in units of the height.
    """

    def __init__(self, *, overlap: float, gap_s: float, aspect: float) -> None:
        self._tracker = Tracker(overlap=overlap, gap_s=gap_s, motion=Motion())
        self._scale = np.array([aspect, 1, aspect, 1], np.float32)
        self._waiting: deque[tuple[float, Seen]] = deque()
        self._faces: dict[int, FollowedFace] = {}
        self._shot = 0

    def add(self, time_s: float, seen: Seen) -> None:
        self._waiting.append((time_s, seen))

    def judge(self, frames: list[Judged]) -> None:
        """Follow the faces of frames whose shot is known."""
        for frame in frames:
            if frame.begins:
                self._tracker.reset()
                self._shot += 1
            while self._waiting and self._waiting[0][0] <= frame.time_s:
                self._follow(*self._waiting.popleft())

    def faces(self) -> list[FollowedFace]:
        """All faces, in the order in which they appear."""
        return joined_doubles(list(self._faces.values()))

    def _follow(self, time_s: float, seen: Seen) -> None:
        numbers = self._tracker.update(time_s, seen.boxes * self._scale, seen.looks)
        for place, number in enumerate(numbers):
            self._faces.setdefault(number, FollowedFace(self._shot)).add(time_s, seen, place)


def joined_doubles(faces: list[FollowedFace]) -> list[FollowedFace]:
    """Faces, with those in one that are seen by turns in the same place of a shot.

    Where one face looks different from frame to frame, its boxes may alternate between two tracks. Two
    persons are in some frame together, or apart in place or time.

    Args:
        faces: In the order in which they appear; some are changed.
    """
    kept: list[FollowedFace] = []
    for face in faces:
        near = (it for it in reversed(kept) if it.shot == face.shot and it.times_s[-1] > face.times_s[0])
        same = next((it for it in near if _are_by_turns(it, face)), None)
        if same is None:
            kept.append(face)
        else:
            same.join(face)
    return kept


def _are_by_turns(one: FollowedFace, other: FollowedFace) -> bool:
    """Whether two that overlap in time are never in the same frame, and in the same place meanwhile."""
    first_s = max(one.times_s[0], other.times_s[0])
    last_s = min(one.times_s[-1], other.times_s[-1])
    times_s = np.unique([*one.times_s, *other.times_s])
    if len(times_s) < len(one.times_s) + len(other.times_s):
        return False
    common = times_s[(times_s >= first_s) & (times_s <= last_s)]
    overlaps = [
        intersection_over_union(a[None], b[None])[0, 0]
        for a, b in zip(_places(one, common), _places(other, common), strict=True)
    ]
    return bool(np.mean(overlaps) >= SAME_PLACE)


def _places(face: FollowedFace, times_s: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) at any times between those at which a face is seen."""
    known = np.array(face.boxes).reshape(-1, 4)
    return np.stack([np.interp(times_s, face.times_s, edge) for edge in known.T], axis=1)
