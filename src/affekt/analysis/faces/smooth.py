"""Answers of single frames to one curve over time.

At a time t, with calibrated scores p_i of the faces at t_i, their trust w_i in (0, 1], and a triangular
window of the whole width h, k_i = max(0, 1 - 2 |t_i - t| / h):

    q(c) ~ exp( sum_i k_i w_i log p_i(c) / sum_i k_i w_i )       normalised over the k classes c
    T    = sum_i k_i w_i / sum_i k_i
    answer(c) = T q(c) + (1 - T) / k

`q` is the logarithmic opinion pool with weights that sum to 1 (Genest and Zidek, Combining probability
distributions, 1986). A flat answer hardly moves it, a sure one does; and since the weights sum to 1, ten
frames of one face, whose errors are much alike, do not count as ten independent ones. `T` lowers the
confidence where faces are small, turned aside or cut off, as `affekt.core.answers.trust` does for one
picture: towards the uniform distribution, because the class frequencies of the video are unknown. Ratings are
the mean with the weights k_i w_i. What this does to accuracy and calibration is measured by
`benchmarks/face_tracks.py`, Smoothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LEAST_SCORE = 1e-4  # a single frame does not exclude a class for good


class Smoothed(NamedTuple):
    """Answers at m times.

    Attributes:
        scores: (m, k), rows sum to 1; NaN where no face is within the window.
        values: (m, r), likewise.
        trust: (m,), mean trust in the faces of the window.
        faces: (m,), number of them.
    """

    scores: np.ndarray
    values: np.ndarray
    trust: np.ndarray
    faces: np.ndarray


def smoothed(
    times_s: np.ndarray,
    scores: np.ndarray,
    values: np.ndarray,
    trust: np.ndarray,
    *,
    at_s: np.ndarray,
    width_s: np.ndarray,
) -> Smoothed:
    """Answers at some times from those of single frames.

    Args:
        times_s: (n,) increasing.
        scores: (n, k), calibrated; k may be 0.
        values: (n, r) ratings; r may be 0.
        trust: (n,) in (0, 1].
        at_s: (m,) times.
        width_s: (m,) whole widths of the windows.
    """
    logs = np.log(scores.clip(LEAST_SCORE, 1).astype(np.float64))
    found = Smoothed(
        np.full((len(at_s), scores.shape[1]), np.nan),
        np.full((len(at_s), values.shape[1]), np.nan),
        np.zeros(len(at_s)),
        np.zeros(len(at_s), int),
    )
    firsts = np.searchsorted(times_s, at_s - width_s / 2, side="right")
    stops = np.searchsorted(times_s, at_s + width_s / 2, side="left")
    for place, (first, stop) in enumerate(zip(firsts.tolist(), stops.tolist(), strict=True)):
        if first >= stop:
            continue
        near = 1 - 2 * np.abs(times_s[first:stop] - at_s[place]) / width_s[place]
        weights = near * trust[first:stop]
        mean_trust = float(weights.sum() / near.sum())
        weights = weights / weights.sum()
        if scores.shape[1]:
            pooled = weights @ logs[first:stop]
            pooled = np.exp(pooled - pooled.max())
            pooled /= pooled.sum()
            found.scores[place] = mean_trust * pooled + (1 - mean_trust) / len(pooled)
        found.values[place] = weights @ values[first:stop]
        found.trust[place], found.faces[place] = mean_trust, stop - first
    return found
