"""Drawn faces: generated portraits, to try pictures without a photograph of a person."""

from affekt.invented.drawn_faces.corpus import DATASET as DATASET
