"""The score from which detected segments are reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from affekt.metrics.matching import match
from affekt.metrics.segments import Segments


def best_threshold(
    predictions: Mapping[str, Segments],
    truths: Mapping[str, Segments],
    *,
    labels: Sequence[str],
    threshold: float,
) -> tuple[float | None, float]:
    """The score threshold with the highest F1 over all detections and true segments, and that F1.

    A localization network outputs dozens of overlapping segments per video, because average precision ranks
    them and hardly penalizes those with low ranks. Users need only a few: those from this score on.

    Args:
        predictions: Per video, with scores and labels.
        truths: Per video, with labels.
        threshold: tIoU from which a detection is a hit.

    Returns:
        None and 0 without detections.

    Raises:
        ValueError: As `match`.

    Example:
        Three detections, of which the first and the second hit the two true segments:

        >>> spans, names = np.array([[0, 4], [6, 9], [20, 30]]), np.array(["joy"] * 3)
        >>> detected = {"a": Segments(spans, np.array([0.9, 0.8, 0.7]), names)}
        >>> truths = {"a": Segments(spans[:2], labels=names[:2])}
        >>> best_threshold(detected, truths, labels=["joy"], threshold=0.5)
        (0.8, 1.0)
    """
    matched = match(predictions, truths, thresholds=(threshold,), labels=labels)
    scores = np.concatenate([each.scores for each in matched])
    if not len(scores):
        return None, 0.0
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.concatenate([each.hits[0] for each in matched])[order]
    total = sum(int(each.truths.sum()) for each in matched)
    last = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    f1 = 2 * np.cumsum(hits)[last] / (last + 1 + total)
    best = int(f1.argmax())
    return float(scores[last[best]]), float(f1[best])
