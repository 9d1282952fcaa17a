"""How a person looks around a face: colours of the head, and of the clothes below it.

This is no identity of a face: other clothes or other light make the same person look different, and two
persons in the same clothes look alike.
"""

from __future__ import annotations

import numpy as np

from affekt.media.image.colours import COLOURS, colour_histogram

PARTS = 2  # head and clothes
_PIXELS = 24  # rows and columns that are looked at in each part, at most
_LEAST = 0.3  # share of a part that has to lie within the picture

# Edges of the parts: shares of the box's width from its left edge, and of its height from its top.
_HEAD = (-0.15, -0.3, 1.15, 1.0)
_CLOTHES = (-0.4, 1.2, 1.4, 2.2)


def appearance_of(picture: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Colours of the head and the clothes, (2, 256) float32; a part beyond the picture is all 0.

    Args:
        picture: (h, w, 3) uint8 RGB.
        box: (4,) of the face: left, top, right, bottom in pixels.
    """
    return np.stack([colour_histogram(_part(picture, box, edges)) for edges in (_HEAD, _CLOTHES)])


def alike(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Similarity in [0, 1] of appearances (n, 2, 256) and (m, 2, 256): (n, m).

    The mean over the parts that both have; 0 where they have none in common.
    """
    each = np.einsum("npc,mpc->nmp", one, other)
    common = (one != 0).any(axis=2)[:, None] & (other != 0).any(axis=2)[None]
    count = common.sum(axis=2)
    return np.divide((each * common).sum(axis=2), count, out=np.zeros(count.shape), where=count > 0)


def nothing_seen() -> np.ndarray:
    """The appearance without any pixel."""
    return np.zeros((PARTS, COLOURS), np.float32)


def _part(picture: np.ndarray, box: np.ndarray, edges: tuple[float, float, float, float]) -> np.ndarray:
    """Some pixels of a part; none if too little of it lies within the picture."""
    height, width = picture.shape[:2]
    left, top, right, bottom = (float(value) for value in box)
    wide, tall = right - left, bottom - top
    low_x, high_x = left + edges[0] * wide, left + edges[2] * wide
    low_y, high_y = top + edges[1] * tall, top + edges[3] * tall
    columns = slice(max(0, int(low_x)), max(0, min(width, int(high_x) + 1)))
    rows = slice(max(0, int(low_y)), max(0, min(height, int(high_y) + 1)))
    inside = picture[rows, columns]
    if inside.shape[0] * inside.shape[1] < _LEAST * (high_x - low_x) * (high_y - low_y):
        return inside[:0]
    return inside[:: max(1, len(inside) // _PIXELS), :: max(1, inside.shape[1] // _PIXELS)]
