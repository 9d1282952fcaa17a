"""Faces in pictures: cut as a network wants them, and how far an answer to each can be trusted."""

from affekt.media.faces.crop import CutFace, FaceCrop, TakesFaces, cut_face, face_side, square_of
from affekt.media.faces.search import FILLS, FoundFace, find_faces

__all__ = [
    "FILLS",
    "CutFace",
    "FaceCrop",
    "FoundFace",
    "TakesFaces",
    "cut_face",
    "face_side",
    "find_faces",
    "square_of",
]
