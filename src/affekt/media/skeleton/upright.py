"""Which way is up in a skeleton: as stated, or as the body shows it.

A person who walks has the feet below the hips and the hips below the head. The mean direction from feet to
head is therefore up, unless the person lies down: a walk that is stored with z up and a person who lies along
z look the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.notes import note

AXES = ("x", "-x", "y", "-y", "z", "-z")
AXIS_DEG = 30.0  # between the body and an axis, that the body stands along; captured walks lean by up to 20
PART_DEG = 60.0  # between the axis and the trunk, or the legs; captured walks have up to 34
STATED_DEG = 60.0  # between the body and a stated up direction, that do not contradict each other

_TOP, _MIDDLE = ("head", "neck", "left_shoulder", "right_shoulder"), ("root", "left_hip", "right_hip")
_BOTTOM = ("left_foot", "right_foot", "left_knee", "right_knee")

# Rows of a rotation (determinant 1, so that left stays left) from coordinates with that axis up to y up.
_TURNS = {
    "x": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    "-x": ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
    "y": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-y": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "z": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "-z": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
}


def parse_up(value: Any) -> str:
    """One of `AXES` from what a file or a person states, such as "Z", "+y" or "-y".

    Raises:
        MediaError: It is none of them.
    """
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.item()
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    text = str(value).strip().lower().replace("\u2212", "-").removeprefix("+")
    if text not in AXES:
        raise MediaError(
            f"states {str(value)[:40]!r} as the up direction; it must be one of {', '.join(AXES)}"
        )
    return text


def turn_upright(positions: np.ndarray, up: str) -> np.ndarray:
    """(..., 3) positions with `up` turned to y: a rotation, which keeps left and right.

    Example:
        >>> turn_upright(np.array([1.0, 2.0, 3.0]), "z").tolist()
        [1.0, 3.0, -2.0]
    """
    if up == "y":
        return positions
    turned = [positions[..., row.index(max(row, key=abs))] * max(row, key=abs) for row in _TURNS[up]]
    return np.stack(turned, axis=-1)


def body_up(positions: np.ndarray, joints: Sequence[str]) -> str | None:
    """The axis along which the body stands, of `AXES`; None where it stands along none of them.

    Args:
        positions: (t, v, 3).

    Feet to head must lie within `AXIS_DEG` of the axis, trunk and legs each within `PART_DEG`, over the mean
    of all frames.
    """
    parts = _parts(positions, joints)
    if parts is None:
        return None
    whole, trunk, legs = parts
    axis = int(np.abs(whole).argmax())
    sign = 1.0 if whole[axis] > 0 else -1.0
    cosines = [sign * part[axis] for part in (whole, trunk, legs)]
    limits = np.cos(np.radians([AXIS_DEG, PART_DEG, PART_DEG]))
    return ("" if sign > 0 else "-") + "xyz"[axis] if (cosines >= limits).all() else None


def upright(positions: np.ndarray, joints: Sequence[str], *, is_stated: bool) -> np.ndarray:
    """Positions (t, v, 3) with y up; what is turned is noted.

    Args:
        is_stated: The source states that y is up, as `positions` are now: the body may lean as it likes, but
            not point elsewhere.

    Raises:
        MediaError: The up direction is not stated and the body stands along no axis, or it is stated and the
            body contradicts it.
    """
    parts = _parts(positions, joints)
    if parts is None:
        raise MediaError("head, hips and feet lie in one place: the body has no up direction")
    lean_deg = float(np.degrees(np.arccos(np.clip(parts[0][1], -1.0, 1.0))))
    if is_stated:
        if lean_deg > STATED_DEG:
            raise MediaError(
                f"the stated up direction contradicts the body: from feet to head it points {lean_deg:.0f} "
                "degrees away from it; state the right `up`, or none to take it from the body"
            )
        return positions
    up = body_up(positions, joints)
    if up is None:
        raise MediaError(
            "which way is up cannot be decided: no up direction is stated, and the body stands along no axis "
            f"(feet to head is {lean_deg:.0f} degrees away from y); state `up` in the file, one of "
            f"{', '.join(AXES)}"
        )
    if up != "y":
        note(
            f"no up direction is stated and the body stands along {up}: {up} was taken as up and the walk "
            "turned; a person who lies down would look the same"
        )
    return turn_upright(positions, up)


def _parts(positions: np.ndarray, joints: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Unit vectors from feet to head, hips to head and feet to hips, mean over the frames; None without."""
    place = {name: index for index, name in enumerate(joints)}

    if not all(any(name in place for name in names) for names in (_TOP, _MIDDLE, _BOTTOM)):
        return None

    def mean(names: Sequence[str]) -> np.ndarray:
        return positions[:, [place[name] for name in names if name in place]].mean(axis=(0, 1))

    top, middle, bottom = mean(_TOP), mean(_MIDDLE), mean(_BOTTOM)
    vectors = [top - bottom, top - middle, middle - bottom]
    lengths = [float(np.linalg.norm(vector)) for vector in vectors]
    if not all(length > 0 for length in lengths):
        return None
    whole, trunk, legs = (vector / length for vector, length in zip(vectors, lengths, strict=True))
    return whole, trunk, legs
