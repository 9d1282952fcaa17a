"""Left and right of a skeleton: as its joints are named, or exchanged.

Knees bend forward, and people walk forward. The names of hips and shoulders define which way the body faces.
If by these names the knees bend backward and the body moves backward, left and right are exchanged: either
the coordinates are mirrored, as in a left-handed system, or the names are swapped. Both give the same walk up
to a reflection, and the positions cannot distinguish them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from affekt.core.notes import note

# Smallest clear distance of the knee in front of the line from hip to foot, in leg lengths, mean of both
# sides and all frames. Captured walks have 0.037 to 0.23 in either direction.
CLEAR_BEND = 0.02
# Smallest clear walking direction along the direction that the body faces, in [-1, 1]. It has the sign of the
# knees in all captured and invented walks.
CLEAR_TRAVEL = 0.1
BACKWARD = 0.5  # the same, opposite to the knees, from which walking backward is noted
ACROSS = 0.02  # smallest width of hips and shoulders, in leg lengths, that defines a direction

Verdict = Literal["named", "exchanged", "unknown"]


class Sides(NamedTuple):
    """Measured evidence of which side is left.

    Attributes:
        knees: Distance of the knee from the line between hip and foot, in leg lengths; forward is positive.
        travel: Walking direction relative to the direction that the body faces: a cosine, in [-1, 1].
    """

    knees: float
    travel: float

    @property
    def verdict(self) -> Verdict:
        """Decided by the knees or, with nearly straight legs, by the walking direction."""
        if abs(self.knees) >= CLEAR_BEND:
            return "named" if self.knees > 0 else "exchanged"
        if abs(self.travel) >= CLEAR_TRAVEL:
            return "named" if self.travel > 0 else "exchanged"
        return "unknown"


def measure_sides(positions: np.ndarray, joints: Sequence[str]) -> Sides:
    """Measure (t, v, 3) positions, y up, with hips, knees, feet and shoulders among the joints.

    The walking direction is that of the hips over the ground if they move by more than half a leg length; in
    walks on the spot it is opposite to the motion of the lower foot.
    """
    place = {name: positions[:, index].astype(np.float64) for index, name in enumerate(joints)}
    across = sum(place[f"left_{part}"] - place[f"right_{part}"] for part in ("hip", "shoulder"))
    across = np.mean(across, axis=0)
    legs = [
        np.linalg.norm(place[f"{side}_{end}"] - place[f"{side}_knee"], axis=-1).mean()
        for side in ("left", "right")
        for end in ("hip", "foot")
    ]
    leg = float(np.sum(legs)) / 2
    ahead = np.array([-across[2], 0.0, across[0]])  # a body that faces +z with y up has its left side at +x
    width = float(np.linalg.norm(ahead))
    if not leg > 0 or width < ACROSS * leg:
        return Sides(0.0, 0.0)
    ahead /= width
    bends = [
        (place[f"{side}_knee"] - (place[f"{side}_hip"] + place[f"{side}_foot"]) / 2).mean(axis=0)
        for side in ("left", "right")
    ]
    return Sides(float(np.mean(bends, axis=0) @ ahead) / leg, _travel(place, ahead, leg))


def named_sides(positions: np.ndarray, joints: Sequence[str]) -> np.ndarray:
    """Positions (t, v, 3), y up, mirrored if left and right are exchanged; a note states the change.

    A body that moves opposite to its knees walks backward: the knees decide, and a note states it.
    """
    sides = measure_sides(positions, joints)
    verdict = sides.verdict
    if verdict == "unknown":
        note(
            "left and right could not be checked: neither the knees nor the walking direction show which way "
            "the body faces"
        )
        return positions
    if abs(sides.knees) >= CLEAR_BEND and sides.knees * sides.travel < 0 and abs(sides.travel) >= BACKWARD:
        note(
            "the body moves opposite to the direction in which the knees bend: the walk is taken as backward"
        )
    if verdict == "named":
        return positions
    reason = "the knees bend backward" if abs(sides.knees) >= CLEAR_BEND else "the body moves backward"
    note(
        f"left and right are exchanged ({reason}): the walk was mirrored; whether its coordinates or its "
        "joint names are exchanged cannot be decided"
    )
    return positions * np.array([-1.0, 1.0, 1.0])


def _travel(place: dict[str, np.ndarray], ahead: np.ndarray, leg: float) -> float:
    """Walking direction along `ahead`, in [-1, 1]; 0 where nothing moves."""
    hips = (place["left_hip"] + place["right_hip"]) / 2
    way = (hips[-1] - hips[0]) * np.array([1.0, 0.0, 1.0])
    if np.linalg.norm(way) > leg / 2:
        return float(way @ ahead / np.linalg.norm(way))
    left, right = place["left_foot"] - hips, place["right_foot"] - hips
    lower = (left[1:, 1] + left[:-1, 1] < right[1:, 1] + right[:-1, 1])[:, None]
    standing = np.where(lower, np.diff(left, axis=0), np.diff(right, axis=0))
    size = float(np.linalg.norm(standing, axis=-1).sum())
    return -float(standing.sum(axis=0) @ ahead) / size if size > 0 else 0.0
