"""What is true in a frame of a scene."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from affekt.invented.face_scenes.parts import FaceScene, Key, Role
from affekt.invented.face_scenes.sprites import DOWN, ZOOM, Outline, expression_at, outline_of

_GRID = 12  # points of a box in each direction, of which the visible ones are counted
# What somebody hides, in face coordinates: head with hair, neck, and body.
_HIDES = np.array([[-0.8, -1.2, 0.8, 1.2], [-0.45, 1.2, 0.45, 1.6], [-1.75, 1.6, 1.75, 6.0]])


class PlantedFace(NamedTuple):
    """A face in a frame.

    Attributes:
        actor: Name of who it is.
        box: (4,) left, top, right, bottom in pixels; may lie beyond the picture.
        landmarks: (5, 2) x and y in pixels: eyes, nose, corners of the mouth.
        emotion, strength: As planted.
        opening: Of the mouth for speech.
        visible: Share of the box within the picture and not behind somebody else.
    """

    actor: str
    box: np.ndarray
    landmarks: np.ndarray
    emotion: str
    strength: float
    opening: float
    visible: float


class Placed(NamedTuple):
    """The square of a head's sprite in the picture, in pixels."""

    left: float
    top: float
    side: float


def placed(scene: FaceScene, key: Key, outline: Outline) -> Placed:
    """Where the head of a role is drawn."""
    box = outline.box
    side = key.height * scene.height / float(box[3] - box[1])
    middle = (box[:2] + box[2:]) / 2
    return Placed(
        key.x * scene.width - float(middle[0]) * side, key.y * scene.height - float(middle[1]) * side, side
    )


def outline_at(role: Role, key: Key, opening: float) -> Outline:
    """Outline of the face of a role; its box is that at rest, so that speech does not move it."""
    at_rest = outline_of(role.actor.traits, expression_at(key.emotion, 0.0, 0.0))
    now = outline_of(role.actor.traits, expression_at(key.emotion, key.strength, opening))
    return Outline(at_rest.box, now.landmarks)


def planted(scene: FaceScene, time_s: float) -> list[PlantedFace]:
    """The faces at a time, those further back first; also those beyond the picture."""
    found: list[PlantedFace] = []
    hides: list[np.ndarray] = []  # (3, 4) of each
    for role in scene.roles:
        if not role.is_seen(time_s):
            continue
        key, opening = role.at(time_s), role.opening(time_s)
        outline = outline_at(role, key, opening)
        place = placed(scene, key, outline)
        corner = np.array([place.left, place.top])
        box = outline.box * place.side + np.tile(corner, 2)
        points = outline.landmarks * place.side + corner
        hides.append((_HIDES * ZOOM + np.tile([0.0, DOWN], 2) + 1) / 2 * place.side + np.tile(corner, 2))
        found.append(PlantedFace(role.actor.name, box, points, key.emotion, key.strength, opening, 1.0))
    return [
        face._replace(
            visible=_visible(face.box, [box for them in hides[number + 1 :] for box in them], scene)
        )
        for number, face in enumerate(found)
    ]


def _visible(box: np.ndarray, before: list[np.ndarray], scene: FaceScene) -> float:
    middles = (np.arange(_GRID) + 0.5) / _GRID
    x, y = np.meshgrid(box[0] + middles * (box[2] - box[0]), box[1] + middles * (box[3] - box[1]))
    seen = (x >= 0) & (y >= 0) & (x < scene.width) & (y < scene.height)
    for other in before:
        seen &= ~((x >= other[0]) & (x < other[2]) & (y >= other[1]) & (y < other[3]))
    return float(seen.mean())
