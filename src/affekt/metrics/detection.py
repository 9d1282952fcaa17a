"""How well stretches that were found in many videos meet the true ones.

Two families of numbers stand on the same matching (`affekt.metrics.matching`): average precision, the usual
measure of detection in time, and the ranked recall and F2 that TSL-Net's authors report under the names of
recall and F2. The latter are means over the ranking, no shares of anything, so they bear other names here.
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

_CELLS = 4_000_000  # of units times detections, that are held at once


def average_precision(
    predictions: Mapping[str, Segments], truths: Mapping[str, Segments], *, threshold: float
) -> float:
    """Average precision of the stretches found in many videos; labels are not looked at.

    All found stretches are ranked by score. In this order each takes the true stretch of its video with
    which it overlaps most among those that are still free; it is a hit where that tIoU is at least
    `threshold`, else a false alarm, so a second find of the same truth is a false alarm. AP is the area under
    precision over recall, where precision is first made to never rise with recall (all-points
    interpolation). Stretches of equal score count at once, and ties in matching are resolved by the stretches
    themselves (see `affekt.metrics.matching.match`), so the order of the input does not matter.

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
    (matched,) = match(predictions, truths, thresholds=(threshold,), labels=None)
    return float(_average_precisions(matched)[0])


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
        values = np.mean(list(_by_label(predictions, truths, thresholds).values()), axis=0)
    else:
        (matched,) = match(predictions, truths, thresholds=thresholds, labels=None)
        values = _average_precisions(matched)
    scores = {f"{threshold:g}": float(value) for threshold, value in zip(thresholds, values, strict=True)}
    return {**scores, "mean": float(np.mean(values))}


@dataclass(frozen=True)
class DetectionScores:
    """What was found of each class at each tIoU threshold, in many videos.

    A label of which nothing was found has zeros. One that never occurs in the truth has no score: its columns
    are nan, and means leave it out.

    Attributes:
        average_precision: (thresholds, labels) in [0, 1].
        recall: (thresholds, labels), share of the true stretches that were hit; a find hits one at most.
        rank_recall: (thresholds, labels), mean over the ranks of how much recall was reached there. It is low
            where hits stand far below, whatever their number: 1 needs all truths in the first find.
        rank_precision: (thresholds, labels), mean over the ranks of the precision reached there.
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
            `map`, `recall`, `tsl_recall` and `tsl_f2` as means over thresholds, and of each threshold as in
            `map@0.15`; `ap/<label>`, the mean over thresholds, of each label that occurs in the truth.
            `tsl_` are the numbers that TSL-Net's authors print as Recall and F2.
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
    """Score labelled stretches that were found in many videos.

    Matching and average precision are those of `average_precision`, label by label. Ranked recall and
    precision are means of the cumulative values over all ranks; finds of equal score count as the mean over
    all orders that they might have, so here too the order of the input does not matter.

    Args:
        predictions: Per video; videos without finds may be absent. Labels are names.
        truths: Per video, those without any stretch too. Finds in a video that is not here are false alarms.
        labels: All names that there are; scores come in their order.
        thresholds: Of tIoU.

    Raises:
        ValueError: There is no true stretch at all; finds have no scores; segments have no labels, or others
            than `labels`.

    Source: TSL-Net (ACM MM 2022) and its code, eval_detection. Its code prints the average precisions of its
        two classes under each other's names, and cannot score a class of which nothing was found; here they
        stand by name, and such a class has zeros.

    Example:
        Of two truths one is found, by the second of two finds:

        >>> finds = {"a": Segments(np.array([[0, 1], [5, 9]]), np.array([0.9, 0.8]), np.array(["joy"] * 2))}
        >>> truths = {"a": Segments(np.array([[5, 9], [20, 30]]), labels=np.array(["joy"] * 2))}
        >>> scores = detection_scores(finds, truths, labels=["joy"], thresholds=[0.5]).to_dict()

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
    """95 % intervals of mean average precision, as `affekt.metrics.intervals` says.

    Segments of one video resemble each other, and so do videos of one subject: what is left out is a subject
    where subjects are known, else a video. What hits what in a video does not depend on the others, so
    matching is done once and only the ranking is counted anew.

    Args:
        subjects: Of each video; videos without one stand for themselves.

    Returns:
        Of `map` and of `ap/<label>`, as `DetectionScores.to_dict` names them; labels that do not occur in the
        truth are absent.

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
    # A class whose true segments all lie in the unit that is left out counts as not detected there, so that
    # its interval is wide; the mean over classes goes on without it.
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
    """Counts as shares of the true stretches; nan where there is none."""
    total = matched.truths.sum()
    return counts / total if total else np.full(np.shape(counts), np.nan)


def _average_precisions(matched: Matched) -> np.ndarray:
    """AP at each threshold: (thresholds,)."""
    ends = matched.last_of_score
    hits = np.cumsum(matched.hits, axis=1)[:, ends]
    return _per_truth(_area(hits, ends + 1), matched)


def _area(hits: np.ndarray, finds: np.ndarray) -> np.ndarray:
    """Area under precision over the number of hits, made monotone, of cumulative counts (..., points)."""
    precision = hits / np.maximum(finds, 1)
    precision = np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1]
    return (np.diff(hits, axis=-1, prepend=0) * precision).sum(axis=-1)


def _rank_means(matched: Matched) -> tuple[np.ndarray, np.ndarray]:
    """Means over all ranks of cumulative recall and of cumulative precision, each (thresholds,)."""
    finds = len(matched.scores)
    if not finds:
        nothing = _per_truth(np.zeros(len(matched.hits)), matched)
        return nothing, nothing
    ends, ranks = matched.last_of_score, np.arange(1, finds + 1)
    reached = np.cumsum(matched.hits, axis=1)[:, ends]
    # Among equal scores hits come evenly: the mean over all orders.
    hits = np.stack([np.interp(ranks, np.append(0, ends + 1), np.append(0, row)) for row in reached])
    precision = (hits / ranks).mean(axis=1)
    if not matched.truths.any():
        precision = np.full_like(precision, np.nan)
    return _per_truth(hits.mean(axis=1), matched), precision


def _reweighted_precision(matched: Matched, copies: np.ndarray) -> np.ndarray:
    """AP, mean over thresholds, where each video counts so often: (rows,) of (rows, videos).

    nan where nothing is true. Copies of a video have detections of equal score, so they count at once.
    """
    totals = copies @ matched.truths
    ends = matched.last_of_score
    group = np.searchsorted(ends, np.arange(len(matched.scores)))
    areas = np.zeros(len(copies))
    step = max(1, _CELLS // max(1, len(matched.scores)))
    for start in range(0, len(copies), step):
        block = slice(start, start + step)
        weights = copies[block].astype(np.int32)[:, matched.videos]
        finds = np.cumsum(weights, axis=1, dtype=np.int32)
        for hit in matched.hits:
            # Interpolated precision can change at the ends of scores that have a hit only.
            columns = np.flatnonzero(hit)
            points, last = np.unique(group[columns][::-1], return_index=True)
            hits = np.cumsum(weights[:, columns], axis=1)[:, len(columns) - 1 - last]
            areas[block] += _area(hits, finds[:, ends[points]])
    means = areas / len(matched.hits)
    return np.divide(means, totals, out=np.full(len(copies), np.nan), where=totals > 0)
