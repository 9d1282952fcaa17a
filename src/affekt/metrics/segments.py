"""Stretches of videos as arrays, and how much of their time two of them share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.core.segment import Segment


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
        spans = check_spans(self.spans_s, "segments")
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

    @classmethod
    def of(cls, segments: Iterable[Segment]) -> Segments:
        """The same as arrays: what a sample states, or what a prediction says.

        Scores are there where all have one.

        Example:
            >>> Segments.of([Segment(2.0, 5.5, "positive", 0.9)]).spans_s.tolist()
            [[2.0, 5.5]]
        """
        listed = list(segments)
        spans = np.array([(each.start_s, each.end_s) for each in listed], float).reshape(-1, 2)
        scores = [each.score for each in listed]
        return cls(
            spans,
            None if None in scores else np.array(scores, float),
            np.array([each.label for each in listed], str),
        )


def check_spans(spans: Any, what: str) -> np.ndarray:
    """Stretches as float (m, 2), each with its start before its end.

    Raises:
        ValueError: They are not.
    """
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


def temporal_iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Intersection over union in time of stretches (m, 2) and (n, 2): (m, n), in [0, 1].

    Raises:
        ValueError: A stretch does not start before it ends.

    Example:
        >>> temporal_iou(np.array([[0.0, 4.0]]), np.array([[2.0, 6.0], [4.0, 5.0]])).round(3).tolist()
        [[0.333, 0.0]]
    """
    one, other = check_spans(one, "segments")[:, None], check_spans(other, "segments")[None]
    overlap = np.minimum(one[..., 1], other[..., 1]) - np.maximum(one[..., 0], other[..., 0])
    overlap = np.maximum(overlap, 0.0)
    lengths = (one[..., 1] - one[..., 0]) + (other[..., 1] - other[..., 0])
    return overlap / (lengths - overlap)
