"""How far an answer to a face can be trusted: by its size, its pose, and what of it the picture holds.

Trust is the share of the accuracy above chance that remains. From the first to the second limit it falls from
1 to `LEAST_TRUST` on a straight line; beyond the second a face is left out. All limits were measured with
`compact_face` on validation faces of FER2013: `benchmarks/results/face_trust.md`, `face_crops.md` for heads
that are turned aside, and `turned_faces.md` for those that lie or stand on their head.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEAST_TRUST = 0.5
ROLL_DEG = (15.0, 55.0)  # inclined to a shoulder, where the network's faces are not rotated upright
LYING_DEG = (45.0, 90.0)  # the same where they are rotated upright, by landmarks that are less exact then
TURN = (0.4, 1.2)  # 0: the nose is between the eyes, 1: below one of them; few faces in profile were measured
BEYOND = (0.25, 0.6)  # share of the crop beyond the edge of the picture
MOUTH_BEYOND = (0.3, 0.95)  # the same of the lowest `MOUTH` of the crop, which matters more
MOUTH = 0.3


class Pose(NamedTuple):
    """What the trust in a face depends on.

    Attributes:
        side_px: Side of the cut square in pixels of the picture.
        beyond: Share of that square beyond the edge of the picture.
        mouth_beyond: Share of its lowest part, with the mouth, beyond the edge of the picture.
        roll_deg: How far the head is inclined to a shoulder; 0 where this is undone.
        lying_deg: How far it was rotated to undo this; 0 where it is not undone.
        turn: How far the head is turned aside; see `TURN`.
    """

    side_px: float
    beyond: float
    mouth_beyond: float
    roll_deg: float
    lying_deg: float
    turn: float


class Judged(NamedTuple):
    """Notes, and trust in (0, 1]."""

    notes: tuple[str, ...]
    trust: float


class _Check(NamedTuple):
    """One measure of a face: the larger, the worse."""

    value: float
    first: float
    last: float
    note: str
    reason: str


def judged(pose: Pose, *, least_px: int, trusted_px: int) -> Judged | str:
    """The trust in a face and what lowers it, or the reason why it is left out.

    Notes state limits, not values, so that those of many faces are equal.
    """
    side, beyond, mouth, roll, lying, turn = pose
    checks = (
        _Check(
            -side,
            -trusted_px,
            -least_px,
            f"the face is small: its square has fewer than {trusted_px} pixels a side",
            f"the face is too small: its square has {side:.0f} pixels a side, fewer than {least_px}",
        ),
        _Check(
            beyond,
            *BEYOND,
            f"the face is cut off: more than {BEYOND[0]:.0%} of its square lies beyond the picture",
            f"the face is cut off: {beyond:.0%} of its square lies beyond the picture, more than "
            f"{BEYOND[1]:.0%}",
        ),
        _Check(
            mouth,
            *MOUTH_BEYOND,
            f"the face is cut off: more than {MOUTH_BEYOND[0]:.0%} of the part with the mouth lies beyond "
            "the picture",
            f"the face is cut off: {mouth:.0%} of the part with the mouth lies beyond the picture, more than "
            f"{MOUTH_BEYOND[1]:.0%}",
        ),
        _Check(
            roll,
            *ROLL_DEG,
            f"the head is inclined by more than {ROLL_DEG[0]:.0f} degrees",
            f"the head is inclined by {roll:.0f} degrees, more than {ROLL_DEG[1]:.0f}",
        ),
        _Check(
            lying,
            *LYING_DEG,
            f"the face lies: it is inclined by more than {LYING_DEG[0]:.0f} degrees, where eyes and mouth "
            "are not found exactly",
            f"the face lies or is upside down: it is inclined by {lying:.0f} degrees, more than "
            f"{LYING_DEG[1]:.0f}; turn the picture upright",
        ),
        _Check(
            turn,
            *TURN,
            f"the head is turned aside: the nose is more than {TURN[0]:.0%} of the way to below an eye",
            f"the head is turned aside too far: the nose is {turn:.0%} of the way to below an eye, more than "
            f"{TURN[1]:.0%}",
        ),
    )
    notes: list[str] = []
    trust = 1.0
    for check in checks:
        if not check.value <= check.last:
            return check.reason
        if check.value > check.first:
            notes.append(check.note)
            trust *= 1 - (1 - LEAST_TRUST) * (check.value - check.first) / (check.last - check.first)
    return Judged(tuple(notes), trust)


def roll_deg_of(landmarks: np.ndarray) -> float:
    """How far the line of the eyes is inclined, at least 0; from landmarks (5, 2)."""
    right, down = landmarks[1] - landmarks[0]
    return abs(float(np.degrees(np.arctan2(down, right))))


def turn_of(landmarks: np.ndarray) -> float:
    """How far the head is turned aside, at least 0; from landmarks (5, 2).

    0 with the nose halfway between the eyes, 1 with the nose below one of them: its place along their line.
    """
    across = landmarks[1] - landmarks[0]
    length = float((across**2).sum())
    if length == 0:
        return float("inf")
    return abs(2 * float((landmarks[2] - landmarks[0]) @ across) / length - 1)
