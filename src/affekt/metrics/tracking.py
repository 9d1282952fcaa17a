"""How well tracks follow what is really there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

LEAST_OVERLAP = 0.5  # intersection over union of a box that shows a thing


class TrackScores(NamedTuple):
    """Tracks against the truth.

    Attributes:
        seen: Number of true boxes, over all frames.
        coverage: Share of them that a track shows.
        false_boxes: Boxes that show nothing true, per frame.
        switches: How often a thing continues in another track than the one that showed it last (the identity
            switches of CLEAR MOT).
        main: Share of the true boxes that lie in the track that shows their thing most often, where that
            track shows no other thing more often. 1: all is seen, and each has one track of its own.
        tracks: Number of tracks.
    """

    seen: int
    coverage: float
    false_boxes: float
    switches: int
    main: float
    tracks: int


class Labelled(NamedTuple):
    """Boxes of a frame: (n, 4), and which thing or track each belongs to."""

    names: Sequence[str]
    boxes: np.ndarray


def score_tracks(frames: Iterable[tuple[Labelled, Labelled]]) -> TrackScores:
    """Scores over the frames of a video: each the true boxes, and those of tracks.

    Within a frame boxes are matched so that the sum of overlaps is largest; pairs below `LEAST_OVERLAP` do
    not count.

    Source: Bernardin and Stiefelhagen, Evaluating multiple object tracking performance: the CLEAR MOT
    metrics, 2008.

    Example:
        >>> box = np.array([[0.0, 0.0, 1.0, 1.0]])
        >>> frames = [(Labelled(["a"], box), Labelled([track], box)) for track in ("1", "1", "2")]
        >>> score_tracks(frames)
        TrackScores(seen=3, coverage=1.0, false_boxes=0.0, switches=1, main=0.6666666666666666, tracks=2)
    """
    last: dict[str, str] = {}
    together: Counter[tuple[str, str]] = Counter()
    tracks: set[str] = set()
    seen = matched = false = switches = count = 0
    for truth, found in frames:
        count += 1
        seen += len(truth.names)
        tracks.update(found.names)
        pairs = _matched(truth.boxes, found.boxes)
        matched += len(pairs)
        false += len(found.names) - len(pairs)
        for row, column in pairs:
            thing, track = truth.names[row], found.names[column]
            switches += last.get(thing, track) != track
            last[thing] = track
            together[thing, track] += 1
    owner = {
        track: _most({thing: n for (thing, it), n in together.items() if it == track}) for track in tracks
    }
    own = 0
    for thing in last:
        shown = {track: n for (it, track), n in together.items() if it == thing}
        best = _most(shown)
        own += shown[best] if owner[best] == thing else 0
    return TrackScores(
        seen,
        matched / seen if seen else 1.0,
        false / count if count else 0.0,
        switches,
        own / seen if seen else 1.0,
        len(tracks),
    )


def _matched(truth: np.ndarray, found: np.ndarray) -> list[tuple[int, int]]:
    if not len(truth) or not len(found):
        return []
    low = np.maximum(truth[:, None, :2], found[None, :, :2])
    high = np.minimum(truth[:, None, 2:], found[None, :, 2:])
    shared = (high - low).clip(0).prod(axis=2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (truth, found)]
    overlap = shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-12)
    overlap[overlap < LEAST_OVERLAP] = 0
    rows, columns = linear_sum_assignment(overlap, maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if overlap[r, c] > 0]


def _most(counts: dict[str, int]) -> str:
    """The most frequent; the first by name of several, so that it does not depend on their order."""
    return min(counts, key=lambda name: (-counts[name], name), default="")
