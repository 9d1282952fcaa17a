"""Drawn faces: generated portraits, without photographs of people."""

from affekt.invented.drawn_faces.corpus import DATASET as DATASET
