"""Temporal localization: segments of a clip from its attention, and the detection scores in one place.

Weakly supervised detection: the temporal attention of a network that was trained with one label per clip
indicates when the label applies. Detected segments are ranked by score and matched to annotated ones.
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

# The public names of localization and its scores.
__all__ = [
    "KEY_THRESHOLD",
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

# Threshold of salient segments, between the least (0) and the most (1) salient segment of a clip: the
# threshold at which CTEN's training step erases segments (reference, 0.7 * max + 0.3 * min).
KEY_THRESHOLD = 0.7

_ROUNDING = 1e-9  # tolerance relative to the highest attention, for equal values
_SEAM_S = 1e-3  # segments that are this close in time are adjacent


def is_salient(attention: np.ndarray, *, threshold: float = KEY_THRESHOLD) -> np.ndarray:
    """Which segments (s,) of a clip reach the threshold: bool (s,).

    The limit is `min + threshold * (max - min)` of the clip's own attention, because attention has no unit
    and can only be compared within a clip. If all segments are equal, all are salient; if all are zero, none.

    Raises:
        ValueError: `threshold` is outside [0, 1], or attention is negative or not finite.

    Example:
        >>> is_salient(np.array([0.0, 0.8, 1.0, 0.6]), threshold=0.7).tolist()
        [False, True, True, False]
    """
    attention = np.asarray(attention, float)
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold must be between 0 (least salient) and 1 (most salient), not {threshold}")
    if attention.ndim != 1 or not np.isfinite(attention).all() or (attention < 0).any():
        raise ValueError("attention must be one number of at least 0 for each segment")
    if not attention.any():
        return np.zeros(len(attention), bool)
    low, high = attention.min(), attention.max()
    # Without the tolerance, rounding would exclude some segments of equal attention.
    return attention >= low + threshold * (high - low) - _ROUNDING * high


def segments_from_attention(
    attention: np.ndarray, spans_s: np.ndarray, *, threshold: float = KEY_THRESHOLD
) -> tuple[np.ndarray, np.ndarray]:
    """Salient intervals of a clip, with scores.

    An interval is a run of adjacent segments that reach the threshold (see `is_salient`). Its score is its
    mean attention over time: with the maximum, a long interval with a single salient segment would rank as
    high as that segment alone.

    Args:
        attention: (s,), at least 0; any unit.
        spans_s: (s, 2), start and end of each segment in seconds, in temporal order.
        threshold: Between the clip's least (0) and most (1) salient segment.

    Returns:
        Intervals (m, 2) in seconds, and scores (m,).

    Raises:
        ValueError: `threshold` is outside [0, 1], attention is negative, or segments are not in order.

    Example:
        >>> seconds = np.array([[0.0, 1.0], [1.0, 2.0], [2.0, 3.0], [3.0, 4.0]])
        >>> found, scores = segments_from_attention(np.array([0.9, 0.0, 0.8, 1.0]), seconds, threshold=0.7)
        >>> found.tolist(), scores.tolist()
        ([[0.0, 1.0], [2.0, 4.0]], [0.9, 0.9])
    """
    spans = check_spans(spans_s, "segments")
    attention = np.asarray(attention, float)
    if attention.shape != (len(spans),):
        raise ValueError(
            f"{len(spans)} segments need one attention value each, not an array {attention.shape}"
        )
    if (np.diff(spans[:, 0]) < 0).any():
        raise ValueError("segments of a clip must be in temporal order")
    chosen = is_salient(attention, threshold=threshold)
    touches = np.zeros(len(spans), bool)
    touches[1:] = chosen[:-1] & chosen[1:] & (spans[1:, 0] <= spans[:-1, 1] + _SEAM_S)
    first = np.flatnonzero(chosen & ~touches)
    if not len(first):
        return np.zeros((0, 2)), np.zeros(0)
    # Sums over each run: segments below the threshold between two runs have no weight.
    weight = np.where(chosen, spans[:, 1] - spans[:, 0], 0.0)
    scores = np.add.reduceat(weight * attention, first) / np.add.reduceat(weight, first)
    ends = np.maximum.reduceat(np.where(chosen, spans[:, 1], -np.inf), first)
    return np.stack([spans[first, 0], ends], axis=1), scores
