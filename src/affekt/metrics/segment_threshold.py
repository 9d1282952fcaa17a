"""From which score on segments that a network found are worth telling."""

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
    """The score at which F1 over all finds and true stretches is highest, and that F1.

    A localization network tells dozens of overlapping stretches of a video, because average precision ranks
    them and forgives those far below. A person wants to read a few: those from this score on.

    Args:
        predictions: Per video, with scores and labels.
        truths: Per video, with labels.
        threshold: tIoU from which a find hits.

    Returns:
        None and 0 where nothing was found.

    Raises:
        ValueError: As `match`.

    Example:
        Three finds, the first and the second are right, of two:

        >>> spans, names = np.array([[0, 4], [6, 9], [20, 30]]), np.array(["joy"] * 3)
        >>> finds = {"a": Segments(spans, np.array([0.9, 0.8, 0.7]), names)}
        >>> truths = {"a": Segments(spans[:2], labels=names[:2])}
        >>> best_threshold(finds, truths, labels=["joy"], threshold=0.5)
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
