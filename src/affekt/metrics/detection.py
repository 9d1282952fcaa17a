"""Temporal detection scores: how well detected segments of many videos match the annotated ones.

Two kinds of scores are based on the same matching (`affekt.metrics.matching`): average precision, the
standard measure of temporal detection, and the ranked recall and F2 that TSL-Net's authors report as recall
and F2. The latter are means over the ranking, not proportions, and therefore have other names here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.metrics.intervals import Intervals, class_sizes, units_of
from affekt.metrics.jackknife import left_out_interval
from affekt.metrics.matching import Matched, match
from affekt.metrics.segments import Segments

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5)  # tIoU, CTEN (CVPR 2023), table 3
TSL_THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3)  # tIoU, TSL-Net (ACM MM 2022), table 1

_CELLS = 4_000_000  # maximum product of units and detections in memory at once


def average_precision(
    predictions: Mapping[str, Segments], truths: Mapping[str, Segments], *, threshold: float
) -> float:
    """Average precision of the detections in many videos; labels are ignored.

    Detections are ranked by score. In this order each is matched to the true segment of its video with the
    highest overlap among those that are not matched yet. It is a hit if that tIoU is at least `threshold`,
    else a false alarm; a second detection of the same segment is a false alarm. AP is the area under the
    precision-recall curve, after precision is made monotonically non-increasing (all-points interpolation).
    Detections of equal score are counted together, and ties in matching are resolved by the segments
    themselves (see `affekt.metrics.matching.match`), so the order of the input does not matter.

    Args:
        predictions: Per video; videos without detections may be absent.
        truths: Per video. Detections in a video that is absent here are false alarms.

    Returns:
        A number in [0, 1].

    Raises:
        ValueError: There is no true segment at all, or detections have no scores.

    Source: PASCAL VOC 2010 (all-points interpolation) and ActivityNet (temporal matching), the standard
        measure of temporal detection; CTEN (CVPR 2023) only names the measure and released no code for it.

    Example:
        Two videos, three true segments, four detections at tIoU 0.5:

        >>> array = np.array
        >>> truths = {"a": Segments(array([[0, 4], [6, 10]])), "b": Segments(array([[2, 6]]))}
        >>> detected = {
        ...     "a": Segments(array([[0, 4], [1, 4], [6, 8]]), array([0.9, 0.8, 0.5])),
        ...     "b": Segments(array([[0, 3]]), array([0.7])),
        ... }

        Score 0.9 hits [0, 4]; 0.8 overlaps it too (tIoU 3/4), but it is matched already; 0.7 overlaps [2, 6]
        with 1/6 only; 0.5 hits [6, 10] with 2/4. Precision 1/1, 1/2, 1/3, 2/4 at recall 1/3, 1/3, 1/3, 2/3;
        the area is 1/3 * 1 + 1/3 * 2/4 = 1/2.

        >>> round(average_precision(detected, truths, threshold=0.5), 9)
        0.5
    """
    (matched,) = match(predictions, truths, thresholds=(threshold,), labels=None)
    return float(_average_precisions(matched)[0])


def average_precision_by_label(
    predictions: Mapping[str, Segments], truths: Mapping[str, Segments], *, threshold: float
) -> dict[Any, float]:
    """Average precision of each class that occurs in the truth; a hit needs the same label.

    Raises:
        ValueError: Segments have no labels, detections have no scores, or there is no true segment at all.
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

    Segments without labels are treated as one class, as in CTEN; with labels, each number is the mean over
    the classes that occur in the truth.

    Returns:
        Values by threshold, as in `{"0.1": 0.9, "0.5": 0.4, "mean": 0.65}`.

    Raises:
        ValueError: Some segments have labels and others have none, detections have no scores, or there is no
            true segment at all.

    Example:
        [0, 3] is detected of [0, 10], tIoU 0.3:

        >>> detected = {"a": Segments(np.array([[0, 3]]), np.array([1.0]))}
        >>> truths = {"a": Segments(np.array([[0, 10]]))}
        >>> mean_average_precision(detected, truths, thresholds=(0.1, 0.3, 0.5, 0.7))
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
        values = np.mean(list(_by_label(predictions, truths, thresholds).values()), axis=0)
    else:
        (matched,) = match(predictions, truths, thresholds=thresholds, labels=None)
        values = _average_precisions(matched)
    scores = {f"{threshold:g}": float(value) for threshold, value in zip(thresholds, values, strict=True)}
    return {**scores, "mean": float(np.mean(values))}


@dataclass(frozen=True)
class DetectionScores:
    """Detection scores of each class at each tIoU threshold, in many videos.

    A label without detections has zeros. A label that never occurs in the truth has no score: its columns are
    nan, and means exclude it.

    Attributes:
        average_precision: (thresholds, labels) in [0, 1].
        recall: (thresholds, labels), share of the true segments that were hit.
        rank_recall: (thresholds, labels), mean over the ranks of the recall up to that rank. It is low if
            hits have low ranks, whatever their number: 1 would need all hits at the first rank.
        rank_precision: (thresholds, labels), mean over the ranks of the precision up to that rank.
    """

    thresholds: tuple[float, ...]
    labels: tuple[str, ...]
    average_precision: np.ndarray
    recall: np.ndarray
    rank_recall: np.ndarray
    rank_precision: np.ndarray

    @property
    def map_at(self) -> np.ndarray:
        """Mean of average precision over labels, (thresholds,)."""
        return np.nanmean(self.average_precision, axis=1)

    @property
    def f2_at(self) -> np.ndarray:
        """F2 of mean ranked precision and mean ranked recall, (thresholds,): `5PR / (4P + R)`."""
        precision, recall = np.nanmean(self.rank_precision, axis=1), np.nanmean(self.rank_recall, axis=1)
        both = 4 * precision + recall
        return 5 * precision * recall / np.where(both > 0, both, 1.0)

    def to_dict(self) -> dict[str, float]:
        """Plain numbers by name.

        Returns:
            `map`, `recall`, `tsl_recall` and `tsl_f2` as means over thresholds, and at each threshold as in
            `map@0.15`; `ap/<label>`, the mean over thresholds, for each label that occurs in the truth.
            `tsl_` marks the numbers that TSL-Net's authors print as Recall and F2.
        """
        rows = {
            "map": self.map_at,
            "recall": np.nanmean(self.recall, axis=1),
            "tsl_recall": np.nanmean(self.rank_recall, axis=1),
            "tsl_f2": self.f2_at,
        }
        means = {name: float(values.mean()) for name, values in rows.items()}
        by_label = dict(zip(self.labels, self.average_precision.mean(axis=0).tolist(), strict=True))
        return {
            **means,
            **{f"ap/{label}": value for label, value in by_label.items() if not np.isnan(value)},
            **{
                f"{name}@{threshold:g}": value
                for name, values in rows.items()
                for threshold, value in zip(self.thresholds, values.tolist(), strict=True)
            },
        }


def detection_scores(
    predictions: Mapping[str, Segments],
    truths: Mapping[str, Segments],
    *,
    labels: Sequence[str],
    thresholds: Sequence[float] = TSL_THRESHOLDS,
) -> DetectionScores:
    """Score labelled detections in many videos.

    Matching and average precision are those of `average_precision`, for each label. Ranked recall and
    precision are means of the cumulative values over all ranks; detections of equal score count as the mean
    over all their possible orders, so the order of the input does not matter.

    Args:
        predictions: Per video; videos without detections may be absent. Labels are names.
        truths: Per video, including those without segments. Detections in an absent video are false alarms.
        labels: All label names; scores are in their order.
        thresholds: tIoU thresholds.

    Raises:
        ValueError: There is no true segment at all; detections have no scores; segments have no labels, or
            labels that are not in `labels`.

    Source: TSL-Net (ACM MM 2022) and its code, eval_detection. That code prints the average precisions of its
        two classes under exchanged names, and cannot score a class without detections; here scores have the
        right names, and such a class has zeros.

    Example:
        One of two true segments is detected, by the second of two detections:

        >>> names = np.array(["joy"] * 2)
        >>> detected = {"a": Segments(np.array([[0, 1], [5, 9]]), np.array([0.9, 0.8]), names)}
        >>> truths = {"a": Segments(np.array([[5, 9], [20, 30]]), labels=names)}
        >>> scores = detection_scores(detected, truths, labels=["joy"], thresholds=[0.5]).to_dict()

        Average precision 1/2 * 1/2. Ranked recall (0 + 1/2) / 2, ranked precision (0/1 + 1/2) / 2.

        >>> scores["map"], scores["recall"], scores["tsl_recall"], scores["tsl_f2"]
        (0.25, 0.5, 0.25, 0.25)
    """
    thresholds = tuple(thresholds)
    matched = match(predictions, truths, thresholds=thresholds, labels=labels)
    ranked = [_rank_means(each) for each in matched]
    return DetectionScores(
        thresholds=thresholds,
        labels=tuple(labels),
        average_precision=np.stack([_average_precisions(each) for each in matched], axis=1),
        recall=np.stack([_per_truth(each.hits.sum(axis=1), each) for each in matched], axis=1),
        rank_recall=np.stack([recall for recall, _ in ranked], axis=1),
        rank_precision=np.stack([precision for _, precision in ranked], axis=1),
    )


def detection_intervals(
    predictions: Mapping[str, Segments],
    truths: Mapping[str, Segments],
    *,
    labels: Sequence[str],
    thresholds: Sequence[float] = TSL_THRESHOLDS,
    subjects: Mapping[str, str | None] | None = None,
) -> Intervals:
    """95 % intervals of mean average precision, by the method of `affekt.metrics.intervals`.

    Segments of one video resemble each other, and so do videos of one subject: the unit that is left out is a
    subject if subjects are known, else a video. Matching in a video does not depend on other videos, so it is
    done once and only the ranking is recomputed.

    Args:
        subjects: Subject of each video; a video without a subject is a unit of its own.

    Returns:
        Intervals of `map` and of `ap/<label>`, named as in `DetectionScores.to_dict`; labels that do not
        occur in the truth are absent.

    Raises:
        ValueError: As `detection_scores`.
    """
    matched = match(predictions, truths, thresholds=thresholds, labels=labels)
    videos = list(dict.fromkeys((*truths, *predictions)))
    units = units_of(len(videos), [(subjects or {}).get(name) for name in videos], items="videos")
    kept = (np.arange(units.member.max() + 1)[:, None] != units.member).astype(int)
    everything = np.ones((1, len(videos)), int)
    by_label = {
        f"ap/{label}": np.concatenate([_reweighted_precision(each, rows) for rows in (everything, kept)])
        for label, each in zip(labels, matched, strict=True)
        if each.truths.any()
    }
    number = np.array([each.truths.sum() for each in matched if each.truths.any()], float)
    sizes = dict(zip(by_label, number.tolist(), strict=True)) | {"map": class_sizes(number)["uar"]}
    rows = np.stack(list(by_label.values()))
    occurs = ~np.isnan(rows)
    # A class whose true segments all belong to the unit that is left out counts as not detected there, so
    # that its interval is wide; the mean over classes excludes it.
    rows = np.where(occurs, rows, 0.0)
    values = {
        "map": rows.sum(axis=0) / np.maximum(occurs.sum(axis=0), 1),
        **dict(zip(by_label, rows, strict=True)),
    }
    weights = np.bincount(units.member, sum(each.truths for each in matched)) / number.sum()
    ranges: dict[str, tuple[float, float]] = {}
    for name, (whole, *without) in values.items():
        ranges[name] = left_out_interval(float(whole), np.array(without), size=sizes[name], weights=weights)
    return Intervals(ranges, units.over, units.note)


def _by_label(
    predictions: Mapping[str, Segments], truths: Mapping[str, Segments], thresholds: Sequence[float]
) -> dict[Any, np.ndarray]:
    """AP (thresholds,) of each class that occurs in the truth, in sorted order."""
    occurring = [
        segments.labels
        for segments in (*truths.values(), *predictions.values())
        if segments.labels is not None and len(segments)
    ]
    labels = np.unique(np.concatenate(occurring)).tolist() if occurring else []
    matched = match(predictions, truths, thresholds=thresholds, labels=labels)
    return {
        label: _average_precisions(each)
        for label, each in zip(labels, matched, strict=True)
        if each.truths.any()
    }


def _per_truth(counts: np.ndarray, matched: Matched) -> np.ndarray:
    """Counts as shares of the true segments; nan if there are none."""
    total = matched.truths.sum()
    return counts / total if total else np.full(np.shape(counts), np.nan)


def _average_precisions(matched: Matched) -> np.ndarray:
    """AP at each threshold: (thresholds,)."""
    ends = matched.last_of_score
    hits = np.cumsum(matched.hits, axis=1)[:, ends]
    return _per_truth(_area(hits, ends + 1), matched)


def _area(hits: np.ndarray, detections: np.ndarray) -> np.ndarray:
    """Area under monotone precision over the number of hits, from cumulative counts (..., points)."""
    precision = hits / np.maximum(detections, 1)
    precision = np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1]
    return (np.diff(hits, axis=-1, prepend=0) * precision).sum(axis=-1)


def _rank_means(matched: Matched) -> tuple[np.ndarray, np.ndarray]:
    """Means over all ranks of cumulative recall and of cumulative precision, each (thresholds,)."""
    detections = len(matched.scores)
    if not detections:
        nothing = _per_truth(np.zeros(len(matched.hits)), matched)
        return nothing, nothing
    ends, ranks = matched.last_of_score, np.arange(1, detections + 1)
    reached = np.cumsum(matched.hits, axis=1)[:, ends]
    # Among equal scores, hits are spread evenly, which is the mean over all orders.
    hits = np.stack([np.interp(ranks, np.append(0, ends + 1), np.append(0, row)) for row in reached])
    precision = (hits / ranks).mean(axis=1)
    if not matched.truths.any():
        precision = np.full_like(precision, np.nan)
    return _per_truth(hits.mean(axis=1), matched), precision


def _reweighted_precision(matched: Matched, copies: np.ndarray) -> np.ndarray:
    """AP, mean over thresholds, with each video counted `copies` times: (rows,) from (rows, videos).

    nan if there is no true segment. Copies of a video have detections of equal score, so they count together.
    """
    totals = copies @ matched.truths
    ends = matched.last_of_score
    group = np.searchsorted(ends, np.arange(len(matched.scores)))
    areas = np.zeros(len(copies))
    step = max(1, _CELLS // max(1, len(matched.scores)))
    for start in range(0, len(copies), step):
        block = slice(start, start + step)
        weights = copies[block].astype(np.int32)[:, matched.videos]
        detections = np.cumsum(weights, axis=1, dtype=np.int32)
        for hit in matched.hits:
            # Interpolated precision can change only at the ends of equal scores that include a hit.
            columns = np.flatnonzero(hit)
            points, last = np.unique(group[columns][::-1], return_index=True)
            hits = np.cumsum(weights[:, columns], axis=1)[:, len(columns) - 1 - last]
            areas[block] += _area(hits, detections[:, ends[points]])
    means = areas / len(matched.hits)
    return np.divide(means, totals, out=np.full(len(copies), np.nan), where=totals > 0)
