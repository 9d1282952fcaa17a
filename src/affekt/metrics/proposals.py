"""Segment proposals from the class curves over time of a localization network.

A curve is thresholded at many levels. Each level gives segments, and each segment is scored by its contrast
to its surroundings. Of segments of the same event the one with the highest score is kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import Field, PositiveInt

from affekt.core.settings import Settings
from affekt.metrics.segments import check_spans

# TSL-Net, reference: 0 to 0.225, and 0.4 to 0.725, in steps of 0.025. A later port uses only 0.5 to 0.7 for
# the foreground, which gives fewer detections and fewer false alarms.
CLASS_THRESHOLDS = tuple(round(0.025 * step, 3) for step in range(10))
AGNOSTIC_THRESHOLDS = tuple(round(0.025 * step, 3) for step in range(16, 30))

_ROUNDING = 1e-9  # relative tolerance of overlaps


class ProposalSettings(Settings):
    """How segments are computed from curves; as in TSL-Net's reference.

    Attributes:
        class_bars: Thresholds of the curve of a class, in [0, 1].
        agnostic_bars: Thresholds of the foreground curve, in [0, 1].
        score_bar: Threshold of a class's score in the whole video, in [0, 1], from which its segments are
            detected; if no class reaches it, the class with the highest score is used.
        upsample: Points of a curve per cell.
        margin: Length of the surroundings on each side, relative to the segment.
        video_weight: Weight of the video's score in the score of a segment.
        overlap: Temporal intersection over union, in (0, 1], from which two segments of a class are the same.
        overlap_padding_s: Seconds added to lengths and intersections for `overlap`.
    """

    class_bars: tuple[float, ...] = CLASS_THRESHOLDS
    agnostic_bars: tuple[float, ...] = AGNOSTIC_THRESHOLDS
    score_bar: float = Field(default=0.5, ge=0, le=1)
    upsample: PositiveInt = 24
    margin: float = Field(default=0.03, ge=0)
    video_weight: float = Field(default=0.3, ge=0)
    overlap: float = Field(default=0.5, gt=0, le=1)
    # parity: the rule for boxes of integer pixels, last minus first plus one, applied to seconds.
    overlap_padding_s: float = Field(default=1.0, ge=0)


class Proposals(NamedTuple):
    """Detected segments of one video, class by class, the highest score of each class first.

    Attributes:
        spans_s: (m, 2) float64, start and end in seconds.
        labels: (m,) int64, class number.
        scores: (m,) float64, not probabilities: from about -1 to 1 plus the video's weight.
    """

    spans_s: np.ndarray
    labels: np.ndarray
    scores: np.ndarray


def find_proposals(
    curves: np.ndarray,
    foreground: np.ndarray,
    video: np.ndarray,
    *,
    cell_s: float,
    settings: ProposalSettings | None = None,
) -> Proposals:
    """Detect segments of the classes in one video.

    Curves are upsampled and thresholded: the curve of a class at `class_bars`, and the foreground at
    `agnostic_bars`, because the extent of a segment can be clear when its class is not. The score of a
    segment is the mean of its class's curve inside, less the mean just outside, plus a share of the video's
    score. Overlapping segments of a class are suppressed (see `suppress`).

    Args:
        curves: (t, k), score of each class in each cell, in [0, 1].
        foreground: (t,), score of any event in each cell, in [0, 1].
        video: (k,), score of each class in the whole video, in [0, 1].
        cell_s: Seconds from one cell to the next.
        settings: TSL-Net's by default.

    Returns:
        Segments by ascending class number; none for a video without cells.

    Raises:
        ValueError: Shapes differ, numbers are not finite, or `cell_s` is not positive.

    Source: TSL-Net (ACM MM 2022) and its code. Scores of segments: outer-inner contrast, AutoLoc (ECCV 2018).

    Example:
        One class, ten cells of one second; an event in the fourth to the sixth:

        >>> curve = np.array([0.0, 0, 0, 0.9, 0.9, 0.9, 0, 0, 0, 0])
        >>> settings = ProposalSettings(class_bars=(0.5,), agnostic_bars=(), upsample=1)
        >>> found = find_proposals(curve[:, None], curve, np.array([1.0]), cell_s=1.0, settings=settings)
        >>> found.spans_s.tolist(), found.labels.tolist(), found.scores.round(9).tolist()
        ([[3.0, 6.0]], [0], [1.2])
    """
    settings = settings or ProposalSettings()
    curves, foreground, video = (np.asarray(each, float) for each in (curves, foreground, video))
    if curves.ndim != 2 or not curves.shape[1] or foreground.shape != curves.shape[:1]:
        raise ValueError(
            f"curves (t, k) and foreground (t,) must fit together, not {curves.shape} and {foreground.shape}"
        )
    if video.shape != curves.shape[1:]:
        raise ValueError(f"{curves.shape[1]} classes need as many video scores, not {video.shape}")
    if not all(np.isfinite(each).all() for each in (curves, foreground, video)):
        raise ValueError("curves and scores must be finite numbers; some are not")
    if not cell_s > 0:
        raise ValueError(f"cell_s must be positive, not {cell_s}")
    labels = np.flatnonzero(video >= settings.score_bar)
    found: list[Proposals] = []
    fine = _upsample(foreground, settings.upsample)
    agnostic = [_runs(fine >= threshold) for threshold in settings.agnostic_bars]
    for label in labels if len(labels) else [video.argmax()]:
        curve = _upsample(curves[:, label], settings.upsample)
        runs, scores = _candidates(curve, agnostic, settings)
        scores += settings.video_weight * video[label]
        step = settings.upsample / cell_s
        spans_s = np.stack([runs[:, 0], runs[:, 1] + 1], axis=1) / step
        kept = suppress(spans_s, scores, overlap=settings.overlap, padding_s=settings.overlap_padding_s)
        found.append(Proposals(spans_s[kept], np.full(len(kept), label, np.int64), scores[kept]))
    return Proposals(*(np.concatenate(column) for column in zip(*found, strict=True)))


def suppress(
    spans_s: np.ndarray, scores: np.ndarray, *, overlap: float, padding_s: float = 0.0
) -> np.ndarray:
    """Non-maximum suppression of segments.

    By descending score, each remaining segment removes all later ones with which its intersection over union
    reaches `overlap`. Of equal scores the first in the input is kept.

    Args:
        spans_s: (m, 2), start and end in seconds.
        scores: (m,).
        overlap: In (0, 1].
        padding_s: Added to each length and to each intersection (before it is limited to at least zero). With
            padding, short segments can suppress each other without overlapping.

    Returns:
        Indices of the kept segments, highest score first.

    Raises:
        ValueError: Shapes differ, a segment does not start before it ends, or `overlap` is out of range.

    Example:
        >>> spans = np.array([[0.0, 4.0], [1.0, 5.0], [4.0, 8.0]])
        >>> suppress(spans, np.array([0.7, 0.9, 0.8]), overlap=0.5).tolist()
        [1, 2]
    """
    spans, scores = check_spans(spans_s, "segments"), np.asarray(scores, float)
    if scores.shape != (len(spans),):
        raise ValueError(f"{len(spans)} segments need as many scores, not an array {scores.shape}")
    if not 0 < overlap <= 1:
        raise ValueError(f"overlap must be in (0, 1], not {overlap}")
    by_start = np.argsort(spans[:, 0], kind="stable")
    starts, ends = spans[by_start].T
    lengths = ends - starts + padding_s
    # Two segments that overlap enough have similar lengths and starts, so each one is compared with few
    # others, however long the video is. The range is slightly wider than needed, for rounding.
    enough = overlap * (1 - _ROUNDING)
    reach = (1 - enough) * lengths * (1 + _ROUNDING) + _ROUNDING
    first = np.searchsorted(starts, starts - reach / enough, side="left")
    last = np.searchsorted(starts, starts + reach, side="right")
    place = np.empty(len(spans), int)
    place[by_start] = np.arange(len(spans))
    is_left = np.ones(len(spans), bool)
    kept: list[int] = []
    for number in np.argsort(-scores, kind="stable").tolist():
        own = place[number]
        if not is_left[own]:
            continue
        kept.append(number)
        near = slice(first[own], last[own])
        common = np.minimum(ends[near], ends[own]) - np.maximum(starts[near], starts[own]) + padding_s
        common = np.maximum(common, 0.0)
        is_left[near] &= common / (lengths[near] + lengths[own] - common) < enough
    return np.array(kept, int)


def _upsample(curve: np.ndarray, points: int) -> np.ndarray:
    """A curve (t,) with `points` values per cell, (t * points,): linear interpolation."""
    if len(curve) < 2:
        return np.repeat(curve, points)
    # parity: the last cell is extrapolated from the last two, even beyond [0, 1].
    steps = np.diff(curve, append=2 * curve[-1] - curve[-2])
    return (curve[:, None] + steps[:, None] * (np.arange(points) / points)).ravel()


def _runs(chosen: np.ndarray) -> np.ndarray:
    """First and last point (m, 2) of each run of chosen points."""
    edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False))
    runs = edges.reshape(-1, 2) - (0, 1)
    # parity: a run that consists only of the first point is dropped if it is the only run.
    return runs[:0] if len(runs) == 1 and not runs.any() else runs


def _candidates(
    curve: np.ndarray, agnostic: list[np.ndarray], settings: ProposalSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Runs (m, 2) of points at all thresholds, and the contrast (m,) of each, for one class."""
    runs, scores = [np.zeros((0, 2), int)], [np.zeros(0)]
    for threshold in settings.class_bars:
        chosen = (curve >= threshold) & (curve > 0)
        runs.append(_runs(chosen))
        scores.append(_contrast(np.where(curve >= threshold, curve, 0.0), runs[-1], settings.margin))
    together = np.concatenate([runs[0], *agnostic])
    return np.concatenate([*runs, together]), np.concatenate(
        [*scores, _contrast(curve, together, settings.margin)]
    )


def _contrast(curve: np.ndarray, runs: np.ndarray, margin: float) -> np.ndarray:
    """Mean of a curve inside each run, less its mean in the margins on both sides, (m,)."""
    sums = np.append(0.0, np.cumsum(curve))
    first, end = runs[:, 0], runs[:, 1] + 1
    length = end - first
    # parity: ends are truncated towards zero: a short run has one margin point before it and none after.
    low = np.maximum(0, (first - margin * length).astype(int))
    high = np.minimum((runs[:, 1] + margin * length).astype(int) + 1, len(curve))
    inside = sums[end] - sums[first]
    around = high - low - length
    outside = sums[high] - sums[low] - inside
    return inside / length - np.where(around > 0, outside / np.maximum(around, 1), 0.0)
