"""Features of joint positions: movement, and the 31 affective features of a frame.

The paper lists the features but neither their order within a group nor their units. Here the order is that of
the rows of its table; the units were chosen for this project.
"""

from __future__ import annotations

import numpy as np

from .joints import JOINTS

# Angles in degrees; the middle joint is the vertex. "up" is a point above the root.
ANGLES = (
    ("left_shoulder", "neck", "right_shoulder"),
    ("neck", "right_shoulder", "left_shoulder"),
    ("right_shoulder", "left_shoulder", "neck"),
    ("neck", "right_shoulder", "right_elbow"),
    ("neck", "left_shoulder", "left_elbow"),
    ("right_shoulder", "right_elbow", "right_hand"),
    ("left_shoulder", "left_elbow", "left_hand"),
    ("neck", "spine", "root"),
    ("head", "neck", "spine"),
    ("root", "right_hip", "right_knee"),
    ("root", "left_hip", "left_knee"),
    ("right_hip", "right_knee", "right_foot"),
    ("left_hip", "left_knee", "left_foot"),
    ("head", "root", "up"),
)
# Distances, in the unit of the positions.
DISTANCES = (
    ("right_hand", "root"),
    ("left_hand", "root"),
    ("right_hand", "right_shoulder"),
    ("left_hand", "left_shoulder"),
    ("right_elbow", "root"),
    ("left_elbow", "root"),
    ("right_foot", "root"),
    ("left_foot", "root"),
    ("right_foot", "left_foot"),
)
# Areas of triangles, in the square of that unit.
AREAS = (
    ("left_hand", "neck", "right_hand"),
    ("left_shoulder", "neck", "right_shoulder"),
    ("left_hand", "root", "right_hand"),
    ("left_elbow", "neck", "right_elbow"),
    ("left_foot", "neck", "right_foot"),
    ("left_hip", "neck", "right_hip"),
    ("left_foot", "root", "right_foot"),
    ("left_knee", "neck", "right_knee"),
)


def movement(positions: np.ndarray) -> np.ndarray:
    """Velocity and acceleration, each with its length: (t, v, 3) to (t, v, 8), per frame step.

    The first frame has no velocity and the first two no acceleration: they are zero.
    """
    velocity = np.diff(positions, axis=0, prepend=positions[:1])
    acceleration = np.diff(velocity, axis=0, prepend=velocity[:1])
    acceleration[:2] = 0.0

    def with_length(vectors: np.ndarray) -> np.ndarray:
        return np.concatenate([vectors, np.linalg.norm(vectors, axis=-1, keepdims=True)], axis=-1)

    return np.concatenate([with_length(velocity), with_length(acceleration)], axis=-1)


def affective_features(positions: np.ndarray) -> np.ndarray:
    """Angles, distances and areas of every frame: (t, v, 3) to (t, 31)."""
    first, vertex, last = (_points(positions, column) for column in zip(*ANGLES, strict=True))
    one, other = (_points(positions, column) for column in zip(*DISTANCES, strict=True))
    a, b, c = (_points(positions, column) for column in zip(*AREAS, strict=True))
    return np.concatenate(
        [
            _angle_deg(first - vertex, last - vertex),
            np.linalg.norm(one - other, axis=-1),
            0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=-1),
        ],
        axis=-1,
    )


def _points(positions: np.ndarray, names: tuple[str, ...]) -> np.ndarray:
    up = positions[:, JOINTS.index("root")] + np.array([0.0, 1.0, 0.0], positions.dtype)
    return np.stack([up if name == "up" else positions[:, JOINTS.index(name)] for name in names], axis=1)


def _angle_deg(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(u, axis=-1) * np.linalg.norm(v, axis=-1)
    # A limb of length zero has no direction: its angle is set to 90 degrees, not NaN.
    cosine = np.divide((u * v).sum(axis=-1), lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0)))
