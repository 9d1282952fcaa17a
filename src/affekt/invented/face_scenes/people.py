"""Actors that are told apart, by number."""

from __future__ import annotations

import colorsys

import numpy as np

from affekt.invented.drawn_faces.corpus import person_of
from affekt.invented.face_scenes.parts import Actor

_GOLDEN = 0.618034  # share of the circle of hues between two actors: any number of them differ


def actor(number: int, *, seed: int = 0, name: str = "") -> Actor:
    """An actor of a number, with traits, hair and clothes of its own."""
    traits = person_of(np.random.default_rng([seed, number]), 1.0)
    red, green, blue = colorsys.hsv_to_rgb(
        (number * _GOLDEN + 0.6) % 1.0, 0.35 + 0.4 * (number % 2), 0.75 - 0.35 * (number % 3 == 1)
    )
    colour = (round(255 * red), round(255 * green), round(255 * blue))
    return Actor(name or f"actor-{number + 1}", traits, colour)
