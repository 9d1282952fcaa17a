"""Whether a mouth moves: how much the picture around it changes from one frame to the next.

What moves the whole face (the head, the light, the cut) changes the eyes as well, so their change is
subtracted. A mouth that smiles or chews moves too: motion alone does not say that somebody speaks.
"""

from __future__ import annotations

import numpy as np

from affekt.media.faces.crop import FaceCrop
from affekt.media.image import resize, to_grey

SIDE = 12  # pixels of a patch: the mouth, not its texture
_WIDTH = 1.4  # of a patch, in distances of the corners of the mouth; of the eyes likewise
_LEAST_DEVIATION = 8.0  # of grey levels 0 to 255, so that noise of flat faces is not amplified


def mouth_patch(face: np.ndarray, crop: FaceCrop) -> np.ndarray:
    """Mouth and eyes of a cut face: (2, SIDE, SIDE) float32, of mean 0 and deviation 1 over both.

    Args:
        face: (s, s, 3) uint8, as `cut_face` gives it.
    """
    grey = to_grey(face)
    right, left, _, one_corner, other_corner = np.array(crop.points) * len(grey)
    both = np.stack([_around(grey, one_corner, other_corner), _around(grey, right, left)]).astype(np.float32)
    return (both - both.mean()) / max(float(both.std()), _LEAST_DEVIATION)


def mouth_motion(before: np.ndarray, after: np.ndarray) -> float:
    """How much more the mouth changed than the eyes, from one patch of a face to the next; at least 0."""
    mouth, eyes = np.abs(after - before).mean(axis=(1, 2))
    return max(0.0, float(mouth - eyes))


def _around(grey: np.ndarray, one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """The square around two points, reduced to SIDE."""
    middle, half = (one + other) / 2, max(2.0, _WIDTH * float(np.linalg.norm(other - one)) / 2)
    low = np.floor(middle - half).astype(int).clip(0, len(grey) - 2)
    high = np.ceil(middle + half).astype(int).clip(low + 2, len(grey))
    return resize(np.ascontiguousarray(grey[low[1] : high[1], low[0] : high[0]]), SIDE, SIDE)
