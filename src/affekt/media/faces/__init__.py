"""Faces in pictures: cut as a network wants them, and how far an answer to each can be trusted."""

from affekt.media.faces.crop import CutFace, FaceCrop, TakesFaces, cut_face

__all__ = ["CutFace", "FaceCrop", "TakesFaces", "cut_face"]
