"""Stretches from curves: what a localization network says cell by cell, as segments with scores.

A curve is cut at many heights, each cut gives stretches of its own, and each stretch is scored by how much it
stands out from its surroundings. Of stretches that mean the same event the surest is kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from pydantic import Field, PositiveInt

from affekt.core.settings import Settings
from affekt.metrics.segments import check_spans

# TSL-Net, reference: 0 to 0.225, and 0.4 to 0.725, in steps of 0.025. A later port of it cuts the foreground
# at 0.5 to 0.7 only, which finds less and has fewer false alarms.
CLASS_BARS = tuple(round(0.025 * step, 3) for step in range(10))
AGNOSTIC_BARS = tuple(round(0.025 * step, 3) for step in range(16, 30))

_ROUNDING = 1e-9  # as share of an overlap, so that 1 s of 2 s is half wherever it lies


class ProposalSettings(Settings):
    """How stretches are made of curves; as in TSL-Net's reference.

    Attributes:
        class_bars: Heights at which the curve of a class is cut, in [0, 1].
        agnostic_bars: Heights at which the foreground is cut, in [0, 1].
        score_bar: How sure the network is of a class at least, in [0, 1], where its stretches are looked for;
            where it is sure of none, those of the likeliest are.
        upsample: Points of a curve in each cell.
        margin: Length of the surroundings on each side, as share of a stretch.
        video_weight: What of the video's score counts in that of a stretch.
        overlap: Intersection over union in time, in (0, 1], from which two stretches of a class are one.
        overlap_padding_s: Seconds that lengths and intersections are taken to be longer by, for `overlap`.
    """

    class_bars: tuple[float, ...] = CLASS_BARS
    agnostic_bars: tuple[float, ...] = AGNOSTIC_BARS
    score_bar: float = Field(default=0.5, ge=0, le=1)
    upsample: PositiveInt = 24
    margin: float = Field(default=0.03, ge=0)
    video_weight: float = Field(default=0.3, ge=0)
    overlap: float = Field(default=0.5, gt=0, le=1)
    # parity: the rule for boxes of whole pixels, last minus first plus one, applied to seconds.
    overlap_padding_s: float = Field(default=1.0, ge=0)


class Proposals(NamedTuple):
    """Stretches that were found in one video, class by class, the surest of each class first.

    Attributes:
        spans_s: (m, 2) float64, start and end in seconds.
        labels: (m,) int64, number of the class.
        scores: (m,) float64, no probabilities: from about -1 to 1 plus the video's weight.
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
    """Stretches of one video in which its classes seem to occur.

    Curves are drawn finer than their cells, and cut: the curve of a class at its bars, and the foreground at
    bars of its own, for a stretch can be clear whose class is not. The score of a stretch is the mean of its
    class's curve inside, less the mean just outside, plus a part of the video's score. All stretches of a
    class compete (see `suppress`).

    Args:
        curves: (t, k), how sure the network is of each class in each cell, in [0, 1].
        foreground: (t,), how sure it is that anything happens, in [0, 1].
        video: (k,), how sure it is that each class occurs in the video at all, in [0, 1].
        cell_s: Seconds from one cell to the next.
        settings: TSL-Net's where there are none.

    Returns:
        Classes in rising order. Nothing for a video without cells.

    Raises:
        ValueError: Shapes do not fit, numbers are not finite, or cells last no time.

    Source: TSL-Net (ACM MM 2022) and its code. Scores of stretches: inner and outer contrast, AutoLoc
        (ECCV 2018).

    Example:
        One class, ten cells of a second; something happens in the fourth to the sixth:

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
            f"curves (t, k) and foreground (t,) belong together, not {curves.shape} and {foreground.shape}"
        )
    if video.shape != curves.shape[1:]:
        raise ValueError(f"{curves.shape[1]} classes need as many scores of the video, not {video.shape}")
    if not all(np.isfinite(each).all() for each in (curves, foreground, video)):
        raise ValueError("curves and scores are finite numbers; some are not")
    if not cell_s > 0:
        raise ValueError(f"a cell lasts some seconds, not {cell_s}")
    labels = np.flatnonzero(video >= settings.score_bar)
    found: list[Proposals] = []
    clear = _refine(foreground, settings.upsample)
    agnostic = [_runs(clear >= bar) for bar in settings.agnostic_bars]
    for label in labels if len(labels) else [video.argmax()]:
        curve = _refine(curves[:, label], settings.upsample)
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
    """Which stretches are left when surer ones push out those that mean the same (non-maximum suppression).

    By falling score, each stretch that is still there pushes out all later ones with which its intersection
    over union reaches `overlap`. Of equal scores the first in the input wins.

    Args:
        spans_s: (m, 2), start and end in seconds.
        scores: (m,).
        overlap: In (0, 1].
        padding_s: Added to each length and each intersection, before that is cut off at zero. With some,
            short stretches push out each other although they only lie close.

    Returns:
        Their places in the input, surest first.

    Raises:
        ValueError: Shapes do not fit, a stretch does not start before it ends, or `overlap` lies outside.

    Example:
        >>> spans = np.array([[0.0, 4.0], [1.0, 5.0], [4.0, 8.0]])
        >>> suppress(spans, np.array([0.7, 0.9, 0.8]), overlap=0.5).tolist()
        [1, 2]
    """
    spans, scores = check_spans(spans_s, "stretches"), np.asarray(scores, float)
    if scores.shape != (len(spans),):
        raise ValueError(f"{len(spans)} stretches need as many scores, not an array {scores.shape}")
    if not 0 < overlap <= 1:
        raise ValueError(f"stretches mean the same from an overlap in (0, 1] on, not from {overlap}")
    by_start = np.argsort(spans[:, 0], kind="stable")
    starts, ends = spans[by_start].T
    lengths = ends - starts + padding_s
    # Two stretches that overlap enough are of similar length and start close together, so each one looks at
    # few others however long the video is. A little more is looked at than has to be, for rounding.
    enough = overlap * (1 - _ROUNDING)
    reach = (1 - enough) * lengths * (1 + _ROUNDING) + _ROUNDING
    first = np.searchsorted(starts, starts - reach / enough, side="left")
    last = np.searchsorted(starts, starts + reach, side="right")
    place = np.empty(len(spans), int)
    place[by_start] = np.arange(len(spans))
    there = np.ones(len(spans), bool)
    kept: list[int] = []
    for number in np.argsort(-scores, kind="stable").tolist():
        own = place[number]
        if not there[own]:
            continue
        kept.append(number)
        near = slice(first[own], last[own])
        common = np.minimum(ends[near], ends[own]) - np.maximum(starts[near], starts[own]) + padding_s
        common = np.maximum(common, 0.0)
        there[near] &= common / (lengths[near] + lengths[own] - common) < enough
    return np.array(kept, int)


def _refine(curve: np.ndarray, points: int) -> np.ndarray:
    """A curve (t,) at so many points a cell, (t * points,): straight from cell to cell."""
    if len(curve) < 2:
        return np.repeat(curve, points)
    # parity: the last cell goes on in the direction of the last two, even beyond [0, 1].
    steps = np.diff(curve, append=2 * curve[-1] - curve[-2])
    return (curve[:, None] + steps[:, None] * (np.arange(points) / points)).ravel()


def _runs(chosen: np.ndarray) -> np.ndarray:
    """First and last point (m, 2) of each run of chosen points."""
    edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False))
    runs = edges.reshape(-1, 2) - (0, 1)
    # parity: where nothing but the very first point is chosen, nothing is.
    return runs[:0] if len(runs) == 1 and not runs.any() else runs


def _candidates(
    curve: np.ndarray, agnostic: list[np.ndarray], settings: ProposalSettings
) -> tuple[np.ndarray, np.ndarray]:
    """Runs (m, 2) of points at all bars, and how far each stands out (m,), of one class."""
    runs, scores = [np.zeros((0, 2), int)], [np.zeros(0)]
    for bar in settings.class_bars:
        chosen = (curve >= bar) & (curve > 0)
        runs.append(_runs(chosen))
        scores.append(_contrast(np.where(curve >= bar, curve, 0.0), runs[-1], settings.margin))
    together = np.concatenate([runs[0], *agnostic])
    return np.concatenate([*runs, together]), np.concatenate(
        [*scores, _contrast(curve, together, settings.margin)]
    )


def _contrast(curve: np.ndarray, runs: np.ndarray, margin: float) -> np.ndarray:
    """Mean of a curve inside of each run, less its mean in a margin on both sides of it, (m,)."""
    sums = np.append(0.0, np.cumsum(curve))
    first, end = runs[:, 0], runs[:, 1] + 1
    length = end - first
    # parity: ends are cut to whole points towards zero, so that a short run has one before it and none after.
    low = np.maximum(0, (first - margin * length).astype(int))
    high = np.minimum((runs[:, 1] + margin * length).astype(int) + 1, len(curve))
    inside = sums[end] - sums[first]
    around = high - low - length
    outside = sums[high] - sums[low] - inside
    return inside / length - np.where(around > 0, outside / np.maximum(around, 1), 0.0)
