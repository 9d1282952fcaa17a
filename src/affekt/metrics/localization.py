"""When, not only what: stretches of a clip from its attention, and how well they meet the true ones.

Weakly supervised detection: a network that only ever learned one label a clip says by its temporal attention
where the label shows. Stretches found this way are ranked by score and matched with annotated ones.
"""

from __future__ import annotations

import numpy as np

from affekt.metrics.detection import (
    THRESHOLDS,
    TSL_THRESHOLDS,
    DetectionScores,
    average_precision,
    average_precision_by_label,
    detection_intervals,
    detection_scores,
    mean_average_precision,
)
from affekt.metrics.segments import Segments, check_spans, temporal_iou

# The front of this part of the house: what is found, and how well, from one place.
__all__ = [
    "KEY_BAR",
    "THRESHOLDS",
    "TSL_THRESHOLDS",
    "DetectionScores",
    "Segments",
    "average_precision",
    "average_precision_by_label",
    "detection_intervals",
    "detection_scores",
    "is_salient",
    "mean_average_precision",
    "segments_from_attention",
    "temporal_iou",
]

# Where a clip's key stretches begin, between its least (0) and its most (1) salient segment: the bar at which
# CTEN's training step erases segments (reference, 0.7 * max + 0.3 * min).
KEY_BAR = 0.7

_ROUNDING = 1e-9  # of the most attention: equal ones may differ by less
_SEAM_S = 1e-3  # segments that are this close in time touch


def is_salient(attention: np.ndarray, *, bar: float = KEY_BAR) -> np.ndarray:
    """Which segments (s,) of a clip reach the bar: bool (s,).

    The bar lies at `min + bar * (max - min)` of the clip's own attention, for attention has no unit: it can
    be compared within one clip only. Where all segments are equal all are salient; where all are zero, none.

    Raises:
        ValueError: `bar` is outside [0, 1], or attention is negative or not finite.

    Example:
        >>> is_salient(np.array([0.0, 0.8, 1.0, 0.6]), bar=0.7).tolist()
        [False, True, True, False]
    """
    attention = np.asarray(attention, float)
    if not 0 <= bar <= 1:
        raise ValueError(f"bar lies between 0 (least salient) and 1 (most salient), not at {bar}")
    if attention.ndim != 1 or not np.isfinite(attention).all() or (attention < 0).any():
        raise ValueError("attention is one number of at least 0 for each segment")
    if not attention.any():
        return np.zeros(len(attention), bool)
    low, high = attention.min(), attention.max()
    # Without the allowance, rounding would leave out segments that all have the same attention.
    return attention >= low + bar * (high - low) - _ROUNDING * high


def segments_from_attention(
    attention: np.ndarray, spans_s: np.ndarray, *, bar: float = KEY_BAR
) -> tuple[np.ndarray, np.ndarray]:
    """Stretches of a clip that its attention singles out, with scores.

    A stretch is a run of neighbouring segments that reach the bar (see `is_salient`) and touch in time. Its
    score is its mean attention over time: a stretch stands for all of its segments, and by their maximum a
    long one with a single telling segment would rank as high as that segment alone.

    Args:
        attention: (s,), at least 0; any unit.
        spans_s: (s, 2), start and end of each segment in seconds, in order of time.
        bar: Between the clip's least (0) and most (1) salient segment.

    Returns:
        Stretches (m, 2) in seconds, and scores (m,).

    Raises:
        ValueError: `bar` is outside [0, 1], attention is negative, or segments are not in order.

    Example:
        >>> seconds = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 4.0]])
        >>> found, scores = segments_from_attention(np.array([0.9, 0.0, 0.8, 1.0]), seconds, bar=0.7)
        >>> found.tolist(), scores.tolist()
        ([[0.0, 1.0], [2.0, 4.0]], [0.9, 0.9])
    """
    spans = check_spans(spans_s, "segments")
    attention = np.asarray(attention, float)
    if attention.shape != (len(spans),):
        raise ValueError(f"{len(spans)} segments need as much attention, not an array {attention.shape}")
    if (np.diff(spans[:, 0]) < 0).any():
        raise ValueError("segments of a clip stand in order of time")
    chosen = is_salient(attention, bar=bar)
    touches = np.zeros(len(spans), bool)
    touches[1:] = chosen[:-1] & chosen[1:] & (spans[1:, 0] <= spans[:-1, 1] + _SEAM_S)
    first = np.flatnonzero(chosen & ~touches)
    if not len(first):
        return np.zeros((0, 2)), np.zeros(0)
    # Sums over each run: segments below the bar weigh nothing, so those between two runs do no harm.
    weight = np.where(chosen, spans[:, 1] - spans[:, 0], 0.0)
    scores = np.add.reduceat(weight * attention, first) / np.add.reduceat(weight, first)
    ends = np.maximum.reduceat(np.where(chosen, spans[:, 1], -np.inf), first)
    return np.stack([spans[first, 0], ends], axis=1), scores
