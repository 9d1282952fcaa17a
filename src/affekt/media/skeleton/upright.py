"""Which way is up in a skeleton: as stated, or inferred from the body.

A walking person has the feet below the hips and the hips below the head. The mean direction from feet to head
is therefore up, unless the person lies down: a walk that is stored with z up and a person who lies along z
have the same coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from affekt.core.errors import MediaError
from affekt.core.notes import note

AXES = ("x", "-x", "y", "-y", "z", "-z")
# Largest angles between the body and the axis that it stands along (captured walks lean by up to 20), between
# that axis and the trunk or the legs (captured walks: up to 34), between the body and a stated up direction.
AXIS_DEG, PART_DEG, STATED_DEG = 30.0, 60.0, 60.0

_TOP, _MIDDLE = ("head", "neck", "left_shoulder", "right_shoulder"), ("root", "left_hip", "right_hip")
_BOTTOM = ("left_foot", "right_foot", "left_knee", "right_knee")

# Rows of the rotation (determinant 1, so that left stays left) that turns this axis to y.
_TURNS = {
    "x": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    "-x": ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
    "y": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "-y": ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    "z": ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    "-z": ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
}


def parse_up(value: Any) -> str:
    """One of `AXES` from a stated value such as "Z", "+y" or "-y".

    Raises:
        MediaError: It is not one of them.
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
    """Rotate (..., 3) positions so that `up` becomes y; left and right are kept.

    Example:
        >>> turn_upright(np.array([1.0, 2.0, 3.0]), "z").tolist()
        [1.0, 3.0, -2.0]
    """
    if up == "y":
        return positions
    turned = [positions[..., row.index(max(row, key=abs))] * max(row, key=abs) for row in _TURNS[up]]
    return np.stack(turned, axis=-1)


def body_up(positions: np.ndarray, joints: Sequence[str]) -> str | None:
    """The axis of `AXES` along which the body stands; None if there is none.

    In the mean of all frames, the direction from feet to head must lie within `AXIS_DEG` of the axis, trunk
    and legs each within `PART_DEG`.

    Args:
        positions: (t, v, 3).
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
    """Positions (t, v, 3) with y up; a note states a rotation.

    Args:
        is_stated: The source states the up direction, which is y in `positions`: the body may lean by up to
            `STATED_DEG`.

    Raises:
        MediaError: The up direction is not stated and the body does not stand along an axis, or it is stated
            and contradicts the body.
    """
    parts = _parts(positions, joints)
    if parts is None:
        raise MediaError("head, hips and feet lie in one place: the body has no up direction")
    lean_deg = float(np.degrees(np.arccos(np.clip(parts[0][1], -1.0, 1.0))))
    if is_stated:
        if lean_deg > STATED_DEG:
            raise MediaError(
                f"the stated up direction contradicts the body: from feet to head it points {lean_deg:.0f} "
                "degrees away from it; correct `up`, or remove it to infer it from the body"
            )
        return positions
    up = body_up(positions, joints)
    if up is None:
        raise MediaError(
            "the up direction is unclear: it is not stated, and the body does not stand along an axis "
            f"(feet to head is {lean_deg:.0f} degrees away from y); state `up` in the file, one of "
            f"{', '.join(AXES)}"
        )
    if up != "y":
        note(
            f"no up direction is stated and the body stands along {up}: {up} was taken as up and the walk "
            "was rotated; a person who lies down would look the same"
        )
    return turn_upright(positions, up)


def _parts(positions: np.ndarray, joints: Sequence[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Unit vectors from feet to head, hips to head and feet to hips, mean over frames; None if undefined."""
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
