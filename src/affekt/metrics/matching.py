"""Matching of detections in many videos to true segments, which all detection scores are based on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.core.settings import suggest
from affekt.metrics.segments import Segments, temporal_iou

_ROUNDING = 1e-9  # tolerance, so that a computed tIoU of 3/10 reaches the threshold 0.3


@dataclass(frozen=True)
class Matched:
    """All detections of one class, highest score first.

    Attributes:
        scores: (m,), descending.
        videos: (m,) int64, video number of each detection.
        hits: (thresholds, m) bool, whether it hits a true segment.
        truths: (videos,) int64, number of true segments of each video.
    """

    scores: np.ndarray
    videos: np.ndarray
    hits: np.ndarray
    truths: np.ndarray

    @property
    def last_of_score(self) -> np.ndarray:
        """Index (g,) of the last detection of each group of equal scores."""
        return np.flatnonzero(np.append(self.scores[1:] != self.scores[:-1], True)[: len(self.scores)])


def match(
    predictions: Mapping[str, Segments],
    truths: Mapping[str, Segments],
    *,
    thresholds: Sequence[float],
    labels: Sequence[Any] | None,
) -> list[Matched]:
    """Match the detections of each class, by descending score, to the true segments that they overlap most.

    A detection is matched to the segment of the highest overlap among the unmatched ones of its video and
    class; it is a hit if that tIoU reaches the threshold, else a false alarm. A second detection of the same
    segment is a false alarm.

    Ties are resolved by the segments themselves, never by the order of the input. Of detections with equal
    score, the one with the higher best overlap comes first, then the one that starts earlier, then the one
    that ends earlier. Of true segments with equal overlap, the one that starts earlier is taken, then the one
    that ends earlier. Segments that still tie are equal.

    Args:
        predictions: Per video; videos without detections may be absent.
        truths: Per video. Detections in a video that is absent here are false alarms.
        thresholds: tIoU thresholds, in [0, 1].
        labels: Classes to distinguish; None to ignore labels.

    Returns:
        One result per label, in their order, or a single one without labels; video numbers agree in all.

    Raises:
        ValueError: Detections have no scores, segments have no labels or labels that are not in `labels`, or
            there is no true segment at all.

    Source: PASCAL VOC and ActivityNet (temporal matching), the standard rule of detection.
    """
    limits = np.asarray(thresholds, float)
    if limits.ndim != 1 or not len(limits) or not ((limits >= 0) & (limits <= 1)).all():
        raise ValueError(f"thresholds of tIoU must be numbers between 0 and 1, not {list(thresholds)}")
    if not any(map(len, truths.values())):
        raise ValueError("there is no true segment, so average precision is undefined")
    for video, detected in predictions.items():
        if len(detected) and detected.scores is None:
            raise ValueError(f"{video}: detected segments need scores for their ranking")
    numbers = {video: number for number, video in enumerate(dict.fromkeys((*truths, *predictions)))}
    detections, true = (
        _Rows.of(side, numbers, labelled=labels is not None) for side in (predictions, truths)
    )
    if labels is None:
        return [_match(detections, true, limits - _ROUNDING, len(numbers))]
    for rows in (detections, true):
        rows.check_labels(labels, list(numbers))
    return [
        _match(detections.only(label), true.only(label), limits - _ROUNDING, len(numbers)) for label in labels
    ]


@dataclass(frozen=True)
class _Rows:
    """Segments of all videos, video by video."""

    spans_s: np.ndarray
    videos: np.ndarray
    scores: np.ndarray | None
    labels: np.ndarray | None

    @classmethod
    def of(cls, side: Mapping[str, Segments], numbers: Mapping[str, int], *, labelled: bool) -> _Rows:
        some = sorted(((numbers[video], segments) for video, segments in side.items() if len(segments)))
        if not some:
            return cls(np.zeros((0, 2)), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, object))
        if labelled and any(segments.labels is None for _, segments in some):
            raise ValueError("segments have no labels; average precision by label needs one for each")
        scores = [segments.scores for _, segments in some if segments.scores is not None]
        labels = [segments.labels for _, segments in some if segments.labels is not None]
        return cls(
            np.concatenate([segments.spans_s for _, segments in some]),
            np.repeat([number for number, _ in some], [len(segments) for _, segments in some]),
            np.concatenate(scores) if len(scores) == len(some) else None,
            np.concatenate(labels) if labelled else None,
        )

    def only(self, label: Any) -> _Rows:
        chosen = self.labels == label
        scores = None if self.scores is None else self.scores[chosen]
        return _Rows(self.spans_s[chosen], self.videos[chosen], scores, None)

    def check_labels(self, labels: Sequence[Any], videos: Sequence[str]) -> None:
        assert self.labels is not None
        known = np.zeros(len(self.labels), bool)
        for label in labels:
            known |= self.labels == label
        strange = np.flatnonzero(~known)
        if len(strange):
            name, video = str(self.labels[strange[0]]), videos[int(self.videos[strange[0]])]
            raise ValueError(
                f"{video}: a segment has the label {name!r}, which is not one of those to score; "
                f"{suggest(name, [str(label) for label in labels])}"
            )


def _match(detections: _Rows, true: _Rows, limits: np.ndarray, videos: int) -> Matched:
    """Match the detections of one class to its true segments; `limits` are the tIoU thresholds."""
    assert detections.scores is not None
    counts = np.bincount(true.videos, minlength=videos)
    best = np.zeros(len(detections.videos))
    edges, true_edges = (np.searchsorted(rows.videos, np.arange(videos + 1)) for rows in (detections, true))
    candidates: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for video in np.flatnonzero(counts * np.diff(edges)):
        start, first = edges[video], true_edges[video]
        overlap = temporal_iou(
            detections.spans_s[start : edges[video + 1]], true.spans_s[first : true_edges[video + 1]]
        )
        best[start : edges[video + 1]] = overlap.max(axis=1)
        found, truth = np.nonzero((overlap > 0) & (overlap >= limits.min()))
        candidates.append((found + start, truth + first, overlap[found, truth]))
    order = np.lexsort((detections.spans_s[:, 1], detections.spans_s[:, 0], -best, -detections.scores))
    hits = np.zeros((len(limits), len(order)), bool)
    if candidates:
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        found, truth, overlap = map(np.concatenate, zip(*candidates, strict=True))
        rank = place[found]
        by_rank = np.lexsort((true.spans_s[truth, 1], true.spans_s[truth, 0], -overlap, rank))
        rank, truth, overlap = rank[by_rank], truth[by_rank], overlap[by_rank]
        for row, limit in enumerate(limits):
            near = overlap >= limit
            hits[row, _matched(rank[near].tolist(), truth[near].tolist())] = True
    return Matched(detections.scores[order], detections.videos[order], hits, counts)


def _matched(detections: list[int], truths: list[int]) -> list[int]:
    """The matched detections of candidate pairs, matched greedily in order; each is in one pair at most."""
    matched: set[int] = set()
    taken: set[int] = set()
    for detection, truth in zip(detections, truths, strict=True):
        if detection not in matched and truth not in taken:
            matched.add(detection)
            taken.add(truth)
    return list(matched)
