"""Which of the stretches that were found in many videos hit a true one: all scores of detection count it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.core.settings import suggest
from affekt.metrics.segments import Segments, temporal_iou

_ROUNDING = 1e-9  # of a ratio of sums of seconds, so that a tIoU of 3/10 reaches the threshold 0.3


@dataclass(frozen=True)
class Matched:
    """All finds of one class, surest first.

    Attributes:
        scores: (m,), falling.
        videos: (m,) int64, number of the video of each.
        hits: (thresholds, m) bool, whether it hits a true stretch.
        truths: (videos,) int64, how many true stretches each video has.
    """

    scores: np.ndarray
    videos: np.ndarray
    hits: np.ndarray
    truths: np.ndarray

    @property
    def last_of_score(self) -> np.ndarray:
        """Places (g,) of the finds after which a lower score begins; finds of equal score belong together."""
        return np.flatnonzero(np.append(self.scores[1:] != self.scores[:-1], True)[: len(self.scores)])


def match(
    predictions: Mapping[str, Segments],
    truths: Mapping[str, Segments],
    *,
    thresholds: Sequence[float],
    labels: Sequence[Any] | None,
) -> list[Matched]:
    """Go through the finds of each class by falling score, and let each take the true stretch it fits best.

    A find takes, among the stretches of its video and class that are still free, the one with which it
    overlaps most; it is a hit where that tIoU reaches the threshold, else a false alarm. So a second find of
    the same truth is a false alarm.

    Ties are resolved by the segments themselves, never by the order of the input. Of detections with equal
    score, the one with the higher best overlap comes first, then the one that starts earlier, then the one
    that ends earlier. Of true segments with equal overlap, the one that starts earlier is taken, then the one
    that ends earlier. Segments that still tie are equal.

    Args:
        predictions: Per video; videos without finds may be absent.
        truths: Per video. Finds in a video that is not here are false alarms.
        thresholds: Of tIoU, in [0, 1].
        labels: Classes to tell apart; None where labels are not looked at.

    Returns:
        One each label, in their order; videos are numbered alike in all. A single one without labels.

    Raises:
        ValueError: Finds have no scores, segments have no labels or others than `labels`, or there is no true
            stretch at all, so that nothing can be found.

    Source: PASCAL VOC and ActivityNet (matching in time), the usual rule of detection.
    """
    bars = np.asarray(thresholds, float)
    if bars.ndim != 1 or not len(bars) or not ((bars >= 0) & (bars <= 1)).all():
        raise ValueError(f"thresholds of tIoU are some numbers between 0 and 1, not {list(thresholds)}")
    if not any(map(len, truths.values())):
        raise ValueError(
            "there is no true segment, so there is nothing to find: average precision is undefined"
        )
    for video, found in predictions.items():
        if len(found) and found.scores is None:
            raise ValueError(f"{video}: segments that were found need scores to be ranked by")
    numbers = {video: number for number, video in enumerate(dict.fromkeys((*truths, *predictions)))}
    finds, true = (_Rows.of(side, numbers, labelled=labels is not None) for side in (predictions, truths))
    if labels is None:
        return [_match(finds, true, bars - _ROUNDING, len(numbers))]
    for rows in (finds, true):
        rows.check_labels(labels, list(numbers))
    return [_match(finds.only(label), true.only(label), bars - _ROUNDING, len(numbers)) for label in labels]


@dataclass(frozen=True)
class _Rows:
    """Stretches of all videos, video by video."""

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
                f"{video}: a segment has the label {name!r}, which is none of those to be scored; "
                f"{suggest(name, [str(label) for label in labels])}"
            )


def _match(finds: _Rows, true: _Rows, reach: np.ndarray, videos: int) -> Matched:
    """Finds and truths of one class."""
    assert finds.scores is not None
    counts = np.bincount(true.videos, minlength=videos)
    best = np.zeros(len(finds.videos))
    edges, true_edges = (np.searchsorted(rows.videos, np.arange(videos + 1)) for rows in (finds, true))
    candidates: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for video in np.flatnonzero(counts * np.diff(edges)):
        start, first = edges[video], true_edges[video]
        overlap = temporal_iou(
            finds.spans_s[start : edges[video + 1]], true.spans_s[first : true_edges[video + 1]]
        )
        best[start : edges[video + 1]] = overlap.max(axis=1)
        find, truth = np.nonzero((overlap > 0) & (overlap >= reach.min()))
        candidates.append((find + start, truth + first, overlap[find, truth]))
    order = np.lexsort((finds.spans_s[:, 1], finds.spans_s[:, 0], -best, -finds.scores))
    hits = np.zeros((len(reach), len(order)), bool)
    if candidates:
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        find, truth, overlap = map(np.concatenate, zip(*candidates, strict=True))
        find = place[find]
        by_rank = np.lexsort((true.spans_s[truth, 1], true.spans_s[truth, 0], -overlap, find))
        find, truth, overlap = find[by_rank], truth[by_rank], overlap[by_rank]
        for row, bar in enumerate(reach):
            near = overlap >= bar
            hits[row, _taking(find[near].tolist(), truth[near].tolist())] = True
    return Matched(finds.scores[order], finds.videos[order], hits, counts)


def _taking(finds: list[int], truths: list[int]) -> list[int]:
    """The finds that get a truth when pairs are gone through in order, and each may be in one pair only."""
    got: dict[int, int] = {}
    taken: set[int] = set()
    for find, truth in zip(finds, truths, strict=True):
        if find not in got and truth not in taken:
            got[find] = truth
            taken.add(truth)
    return list(got)
