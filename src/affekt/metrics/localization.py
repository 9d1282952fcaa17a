"""When, not only what: stretches of a clip from its attention, and how well they meet the true ones.

Weakly supervised detection: a network that only ever learned one label a clip says by its temporal attention
where the label shows. Stretches found this way are ranked by score and matched with annotated ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

# Where a clip's key stretches begin, between its least (0) and its most (1) salient segment: the bar at which
# CTEN's training step erases segments (reference, 0.7 * max + 0.3 * min).
KEY_BAR = 0.7
THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)  # tIoU, CTEN (CVPR 2023), table 3

_ROUNDING = 1e-9  # of a ratio of sums of seconds, so that a tIoU of 3/10 reaches the threshold 0.3
_SEAM_S = 1e-3  # segments that are this close in time touch


@dataclass(frozen=True)
class Segments:
    """Stretches of one video.

    Attributes:
        spans_s: (m, 2), start and end in seconds, start before end.
        scores: (m,), the surer the higher, compared over all videos; None for true stretches.
        labels: (m,), names or numbers of classes; None where there is only one.

    Raises:
        ValueError: Shapes do not fit, or a stretch does not start before it ends.
    """

    spans_s: np.ndarray
    scores: np.ndarray | None = None
    labels: np.ndarray | None = None

    def __post_init__(self) -> None:
        spans = _checked(self.spans_s, "segments")
        object.__setattr__(self, "spans_s", spans)
        for name, dtype in (("scores", float), ("labels", None)):
            values = getattr(self, name)
            if values is None:
                continue
            values = np.asarray(values, dtype)
            if values.shape != (len(spans),):
                raise ValueError(f"{len(spans)} segments need as many {name}, not an array {values.shape}")
            object.__setattr__(self, name, values)
        if self.scores is not None and not np.isfinite(self.scores).all():
            raise ValueError("scores of segments are finite numbers; some are not")

    def __len__(self) -> int:
        return len(self.spans_s)

    def only(self, label: Any) -> Segments:
        """The stretches of one class, without labels."""
        assert self.labels is not None
        chosen = self.labels == label
        scores = None if self.scores is None else self.scores[chosen]
        return Segments(self.spans_s[chosen], scores)


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
    spans = _checked(spans_s, "segments")
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


def temporal_iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union in time of stretches (m, 2) and (n, 2): (m, n), in [0, 1].

    Raises:
        ValueError: A stretch does not start before it ends.

    Example:
        >>> temporal_iou(np.array([[0.0, 4.0]]), np.array([[2.0, 6.0], [4.0, 5.0]])).round(3).tolist()
        [[0.333, 0.0]]
    """
    one, other = _checked(one, "segments")[:, None], _checked(other, "segments")[None]
    overlap = np.minimum(one[..., 1], other[..., 1]) - np.maximum(one[..., 0], other[..., 0])
    overlap = np.maximum(overlap, 0.0)
    lengths = (one[..., 1] - one[..., 0]) + (other[..., 1] - other[..., 0])
    return overlap / (lengths - overlap)


def average_precision(
    predictions: Mapping[str, Segments], truths: Mapping[str, Segments], *, threshold: float
) -> float:
    """Average precision of the stretches found in many videos; labels are not looked at.

    All found stretches are ranked by score. In this order each takes the true stretch of its video with
    which it overlaps most among those that are still free; it is a hit where that tIoU is at least
    `threshold`, else a false alarm, so a second find of the same truth is a false alarm. AP is the area under
    precision over recall, where precision is first made to never rise with recall (all-points
    interpolation). Stretches of equal score count at once, so their order in the input does not matter.

    Args:
        predictions: Per video; videos without finds may be absent.
        truths: Per video. Finds in a video that is not here are false alarms.

    Returns:
        In [0, 1].

    Raises:
        ValueError: There is no true stretch at all, so nothing can be found; or finds have no scores.

    Source: PASCAL VOC 2010 (all-points interpolation) and ActivityNet (matching in time), the usual measure
        of detection in time; CTEN (CVPR 2023) names the measure only, and no code for it was released.

    Example:
        Two videos, three truths, four finds at tIoU 0.5:

        >>> array = np.array
        >>> truths = {"a": Segments(array([[0, 4], [6, 10]])), "b": Segments(array([[2, 6]]))}
        >>> finds = {
        ...     "a": Segments(array([[0, 4], [1, 4], [6, 8]]), array([0.9, 0.8, 0.5])),
        ...     "b": Segments(array([[0, 3]]), array([0.7])),
        ... }

        Score 0.9 hits [0, 4]; 0.8 meets it too (tIoU 3/4), but it is taken; 0.7 meets [2, 6] with 1/6 only;
        0.5 hits [6, 10] with 2/4. Precision 1/1, 1/2, 1/3, 2/4 at recall 1/3, 1/3, 1/3, 2/3; the area is
        1/3 * 1 + 1/3 * 2/4 = 1/2.

        >>> round(average_precision(finds, truths, threshold=0.5), 9)
        0.5
    """
    return float(_average_precisions(predictions, truths, (threshold,))[0])


def average_precision_by_label(
    predictions: Mapping[str, Segments], truths: Mapping[str, Segments], *, threshold: float
) -> dict[Any, float]:
    """Average precision of each class that occurs in the truth; a find must have the label of its truth.

    Raises:
        ValueError: Segments have no labels, finds have no scores, or there is no true stretch at all.
    """
    by_label = _by_label(predictions, truths, (threshold,))
    return {label: float(values[0]) for label, values in by_label.items()}


def mean_average_precision(
    predictions: Mapping[str, Segments],
    truths: Mapping[str, Segments],
    *,
    thresholds: Sequence[float] = THRESHOLDS,
) -> dict[str, float]:
    """Average precision at several tIoU thresholds, and their mean.

    Segments without labels are taken as of one class, as CTEN counts them; with labels, each number is the
    mean over the classes that occur in the truth.

    Returns:
        By threshold, as in `{"0.1": 0.9, "0.5": 0.4, "mean": 0.65}`.

    Raises:
        ValueError: Some segments have labels and others have none, finds have no scores, or there is no true
            stretch at all.

    Example:
        Found is [0, 3] of [0, 10], tIoU 0.3:

        >>> finds = {"a": Segments(np.array([[0, 3]]), np.array([1.0]))}
        >>> truths = {"a": Segments(np.array([[0, 10]]))}
        >>> mean_average_precision(finds, truths, thresholds=(0.1, 0.3, 0.5, 0.7))
        {'0.1': 1.0, '0.3': 1.0, '0.5': 0.0, '0.7': 0.0, 'mean': 0.5}
    """
    thresholds = tuple(thresholds)
    labelled = {
        segments.labels is not None
        for group in (predictions, truths)
        for segments in group.values()
        if len(segments)
    }
    if len(labelled) > 1:
        raise ValueError("some segments have labels and others have none: give all of them labels, or none")
    if True in labelled:
        by_label = _by_label(predictions, truths, thresholds)
        values = np.mean(list(by_label.values()), axis=0)
    else:
        values = _average_precisions(predictions, truths, thresholds)
    scores = {f"{threshold:g}": float(value) for threshold, value in zip(thresholds, values, strict=True)}
    return {**scores, "mean": float(np.mean(values))}


def _checked(spans: Any, what: str) -> np.ndarray:
    """Stretches as float (m, 2), each with its start before its end."""
    spans = np.asarray(spans, float)
    if spans.size == 0:
        return spans.reshape(0, 2)
    if spans.ndim != 2 or spans.shape[1] != 2:
        raise ValueError(f"{what} are an array (m, 2) of starts and ends, not {spans.shape}")
    bad = np.flatnonzero(~((spans[:, 0] < spans[:, 1]) & np.isfinite(spans).all(axis=1)))
    if len(bad):
        start, end = spans[bad[0]]
        raise ValueError(
            f"{what} start before they end; number {bad[0]} goes from {start:g} to {end:g} s"
            + (f", and so do {len(bad) - 1} more" if len(bad) > 1 else "")
        )
    return spans


def _by_label(
    predictions: Mapping[str, Segments], truths: Mapping[str, Segments], thresholds: Sequence[float]
) -> dict[Any, np.ndarray]:
    """AP (thresholds,) of each class that occurs in the truth, in sorted order."""
    for segments in (*predictions.values(), *truths.values()):
        if len(segments) and segments.labels is None:
            raise ValueError("segments have no labels; average precision by label needs one for each")
    occurring = [segments.labels for segments in truths.values() if segments.labels is not None]
    found: dict[Any, np.ndarray] = {}
    for label in np.unique(np.concatenate(occurring)).tolist() if occurring else []:
        finds, true = (
            {video: segments.only(label) for video, segments in side.items() if len(segments)}
            for side in (predictions, truths)
        )
        found[label] = _average_precisions(finds, true, thresholds)
    if not found:
        raise ValueError(
            "there is no true segment, so there is nothing to find: average precision is undefined"
        )
    return found


def _average_precisions(
    predictions: Mapping[str, Segments], truths: Mapping[str, Segments], thresholds: Sequence[float]
) -> np.ndarray:
    """AP at each threshold: (thresholds,)."""
    total = sum(len(segments) for segments in truths.values())
    if not total:
        raise ValueError(
            "there is no true segment, so there is nothing to find: average precision is undefined"
        )
    bars = np.asarray(thresholds, float)
    none = Segments(np.zeros((0, 2)))
    matched = list(_matches(predictions, {**dict.fromkeys(predictions, none), **truths}, bars))
    if not matched:
        return np.zeros(len(bars))
    scores = np.concatenate([scores for scores, _ in matched])
    hits = np.concatenate([hits for _, hits in matched], axis=1)
    order = np.argsort(-scores, kind="stable")
    scores, hits = scores[order], np.cumsum(hits[:, order], axis=1)
    # Points of the curve: after the last find of each score.
    points = np.flatnonzero(np.append(scores[1:] != scores[:-1], True))
    hits = hits[:, points]
    precision = hits / (points + 1)
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    gained = np.diff(hits, axis=1, prepend=0) / total
    return (gained * precision).sum(axis=1)


def _matches(
    predictions: Mapping[str, Segments], truths: Mapping[str, Segments], bars: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of each video: scores (m,) of its finds and, at each bar, whether they are hits (thresholds, m)."""
    for video, found in predictions.items():
        if not len(found):
            continue
        if found.scores is None:
            raise ValueError(f"{video}: segments that were found need scores to be ranked by")
        overlap = temporal_iou(found.spans_s, truths[video].spans_s)
        best = overlap.max(axis=1, initial=0.0)
        hits = np.zeros((len(bars), len(found)), bool)
        free = np.ones((len(bars), overlap.shape[1]), bool)
        reach = bars[:, None] - _ROUNDING
        rows = np.arange(len(bars))
        # Of equal scores the better fit comes first: the outcome does not hang on the order of the input.
        for number in np.lexsort((-best, -found.scores)):
            if not best[number] or best[number] < reach.min():  # false alarms, usually nearly all
                continue
            candidates = np.where(free & (overlap[number] >= reach), overlap[number], -1.0)
            choice = candidates.argmax(axis=1)
            hit = candidates[rows, choice] > 0
            hits[hit, number] = True
            free[rows[hit], choice[hit]] = False
        yield found.scores, hits
