"""Which colours a part of a picture has, whatever their places."""

from __future__ import annotations

import numpy as np

BINS = (4, 8, 8)  # of brightness, and of the two differences of colour (ITU-R 601)
COLOURS = BINS[0] * BINS[1] * BINS[2]
_REACH = 60.0  # differences of colour beyond it, of 128, are rare and counted with the outermost
_GIVEN = 0.1  # share of a bin that counts for each neighbour
_TO_YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
).T


def _sharing(bins: int) -> np.ndarray:
    """Each bin gives a part to both neighbours; at the ends it keeps what would go beyond."""
    given = np.eye(bins, k=1) + np.eye(bins, k=-1)
    given[0, 0] = given[-1, -1] = 1
    return _GIVEN * given + (1 - 2 * _GIVEN) * np.eye(bins)


_SHARED = np.kron(np.kron(_sharing(BINS[0]), _sharing(BINS[1])), _sharing(BINS[2])).astype(np.float32)


def colour_histogram(pixels: np.ndarray) -> np.ndarray:
    """Roots of the shares of colours, (256,) float32; all 0 without pixels.

    The scalar product of two is their similarity in [0, 1], the coefficient of Bhattacharyya. Neighbouring
    bins share a part of each pixel, so that a little more light does not change everything.

    Args:
        pixels: (..., 3) uint8 RGB.
    """
    rows = pixels.reshape(-1, 3).astype(np.float32)
    if not len(rows):
        return np.zeros(COLOURS, np.float32)
    colours = rows @ _TO_YCC
    light = (colours[:, 0] * (BINS[0] / 256)).astype(int).clip(0, BINS[0] - 1)
    blue, red = (
        ((colours[:, place] + _REACH) * (BINS[place] / (2 * _REACH))).astype(int).clip(0, BINS[place] - 1)
        for place in (1, 2)
    )
    counts = np.bincount((light * BINS[1] + blue) * BINS[2] + red, minlength=COLOURS).astype(np.float32)
    return np.sqrt(_SHARED @ (counts / len(rows)))
