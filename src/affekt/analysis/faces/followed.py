"""Faces followed through shots, as compact arrays: some 60 bytes a face."""

from __future__ import annotations

import math
from array import array
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from affekt.media.faces.mouth import mouth_motion
from affekt.media.tracking import Motion, Piece, Tracker
from affekt.media.tracking.appearance import nothing_seen
from affekt.media.video.shots import Judged

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
        return list(self._faces.values())

    def _follow(self, time_s: float, seen: Seen) -> None:
        numbers = self._tracker.update(time_s, seen.boxes * self._scale, seen.looks)
        for place, number in enumerate(numbers):
            self._faces.setdefault(number, FollowedFace(self._shot)).add(time_s, seen, place)
