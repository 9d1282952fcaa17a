"""Face scenes: generated videos of drawn people who move, talk and show expressions, with all that is true.

A scene lists who is where at which time, with which expression and how open a mouth. Its frames are drawn one
at a time; the boxes, landmarks, persons and expressions in each are known.
"""

from affekt.invented.face_scenes.conversation import Turn, conversation_scene
from affekt.invented.face_scenes.draw import draw_scene, write_scene
from affekt.invented.face_scenes.parts import Actor, Backdrop, FaceScene, Key, Role
from affekt.invented.face_scenes.people import actor
from affekt.invented.face_scenes.truth import PlantedFace, planted

__all__ = [
    "Actor",
    "Backdrop",
    "FaceScene",
    "Key",
    "PlantedFace",
    "Role",
    "Turn",
    "actor",
    "conversation_scene",
    "draw_scene",
    "planted",
    "write_scene",
]
