"""Segments of videos as arrays, and their temporal intersection over union."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.core.segment import Segment


@dataclass(frozen=True)
class Segments:
    """Segments of one video.

    Attributes:
        spans_s: (m, 2), start and end in seconds, start before end.
        scores: (m,), comparable across videos; None for true segments.
        labels: (m,), names or numbers of classes; None with a single class.

    Raises:
        ValueError: Shapes differ, or a segment does not start before it ends.
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
            raise ValueError("scores of segments must be finite numbers; some are not")

    def __len__(self) -> int:
        return len(self.spans_s)

    @classmethod
    def of(cls, segments: Iterable[Segment]) -> Segments:
        """Segments of a sample or a prediction as arrays.

        Scores are None unless all segments have one.

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
    """Check segments: float (m, 2), each with its start before its end.

    Raises:
        ValueError: They are not.
    """
    spans = np.asarray(spans, float)
    if spans.size == 0:
        return spans.reshape(0, 2)
    if spans.ndim != 2 or spans.shape[1] != 2:
        raise ValueError(f"{what} must be an array (m, 2) of starts and ends, not {spans.shape}")
    bad = np.flatnonzero(~((spans[:, 0] < spans[:, 1]) & np.isfinite(spans).all(axis=1)))
    if len(bad):
        start, end = spans[bad[0]]
        raise ValueError(
            f"{what} must start before they end; number {bad[0]} goes from {start:g} to {end:g} s"
            + (f", and {len(bad) - 1} more are wrong" if len(bad) > 1 else "")
        )
    return spans


def temporal_iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Temporal intersection over union of segments (m, 2) and (n, 2): (m, n), in [0, 1].

    Raises:
        ValueError: A segment does not start before it ends.

    Example:
        >>> temporal_iou(np.array([[0.0, 4.0]]), np.array([[2.0, 6.0], [4.0, 5.0]])).round(3).tolist()
        [[0.333, 0.0]]
    """
    one, other = check_spans(one, "segments")[:, None], check_spans(other, "segments")[None]
    overlap = np.minimum(one[..., 1], other[..., 1]) - np.maximum(one[..., 0], other[..., 0])
    overlap = np.maximum(overlap, 0.0)
    lengths = (one[..., 1] - one[..., 0]) + (other[..., 1] - other[..., 0])
    return overlap / (lengths - overlap)
