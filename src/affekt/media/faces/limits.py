"""How far an answer to a face can be trusted: by its size, its pose, and what of it the picture holds.

From the first to the second limit trust falls from 1 to `LEAST_TRUST`; beyond the second a face is left out.
"""

from __future__ import annotations

from typing import NamedTuple

LEAST_TRUST = 0.5
ROLL_DEG = (20.0, 45.0)  # inclined to a shoulder, where the network's faces are not rotated upright
TURN = (0.5, 1.0)  # 0: the nose is between the eyes, 1: below one of them
BEYOND = (0.1, 0.35)  # share of the crop beyond the edge of the picture


class Pose(NamedTuple):
    """What the trust in a face depends on.

    Attributes:
        side_px: Side of the cut square in pixels of the picture.
        beyond: Share of that square beyond the edge of the picture.
        roll_deg: How far the head is inclined to a shoulder; 0 where this is undone.
        turn: How far the head is turned aside; see `TURN`.
    """

    side_px: float
    beyond: float
    roll_deg: float
    turn: float


class Judged(NamedTuple):
    """Notes, and trust in (0, 1]."""

    notes: tuple[str, ...]
    trust: float


def judged(pose: Pose, *, least_px: int, trusted_px: int) -> Judged | str:
    """The trust in a face and what lowers it, or the reason why it is left out."""
    # Of sizes the larger is the better, so their order is reversed.
    checks = (
        (
            -pose.side_px,
            (-trusted_px, -least_px),
            f"the face is small: {pose.side_px:.0f} pixels, fewer than {{limit:.0f}}",
        ),
        (
            pose.beyond,
            BEYOND,
            f"the face is cut off: {pose.beyond:.0%} of it lies beyond the picture, more than {{limit:.0%}}",
        ),
        (
            pose.roll_deg,
            ROLL_DEG,
            f"the head is inclined by {pose.roll_deg:.0f} degrees, more than {{limit:.0f}}",
        ),
        (
            pose.turn,
            TURN,
            f"the head is turned aside: {pose.turn:.0%} of the way of the nose to below an eye, more than "
            "{limit:.0%}",
        ),
    )
    notes: list[str] = []
    trust = 1.0
    for value, (first, last), text in checks:
        if not value <= last:
            return text.format(limit=abs(last))
        if value > first:
            notes.append(text.format(limit=abs(first)))
            trust *= 1 - (1 - LEAST_TRUST) * (value - first) / (last - first)
    return Judged(tuple(notes), trust)
