"""Scores of detected segments: in validation, and as tables of an evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Localized, Localizing, Sample
from affekt.metrics.detection import DetectionScores, detection_scores
from affekt.metrics.segments import Segments

COLUMNS = {
    "average_precision": "average precision",
    "recall": "recall",
    "found": "detected",
    "count": "segments",
}


class SegmentScorer:
    """Scores of detected segments against the annotated segments of validation samples."""

    reads: tuple[str, ...] = ("logits",)

    def __init__(self, samples: Sequence[Sample], preprocess: Localizing, labels: LabelSet) -> None:
        """Raises:
        DataError: No sample has an annotated segment, so nothing could be scored.
        """
        if not any(sample.segments for sample in samples):
            raise DataError("no validation sample has an annotated segment: no epoch can be selected")
        self.samples, self.preprocess, self.labels = list(samples), preprocess, labels
        self._detected: dict[str, Segments] = {}

    def __len__(self) -> int:
        return len(self._detected)

    def add(self, outputs: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray]) -> None:
        """Logits (b, t, k + 1); `number` gives the position of each sample."""
        for number, cells in zip(targets["number"].tolist(), outputs["logits"], strict=True):
            sample = self.samples[number]
            self._detected[sample.id] = named_segments(self.preprocess.localize(sample, cells), self.labels)

    def scores(self) -> dict[str, float]:
        """Mean average precision and the other scores that TSL-Net's authors report, by name."""
        by_id = {sample.id: sample for sample in self.samples}
        truths = {name: Segments.of(by_id[name].segments or ()) for name in self._detected}
        scores = detection_scores(self._detected, truths, labels=self.labels.names).to_dict()
        self._detected.clear()
        return scores


def named_segments(detected: Localized, labels: LabelSet) -> Segments:
    """Detected segments, with names as labels."""
    return Segments(detected.spans_s, detected.scores, np.array(labels.names, dtype=object)[detected.labels])


def segment_rows(name: str, detected: Segments) -> list[dict[str, Any]]:
    """One row per segment, for the predictions file."""
    assert detected.scores is not None and detected.labels is not None
    return [
        {"id": name, "start_s": start, "end_s": end, "label": label, "score": score}
        for (start, end), label, score in zip(
            detected.spans_s.tolist(), detected.labels.tolist(), detected.scores.tolist(), strict=True
        )
    ]


def per_class(
    scores: DetectionScores, detected: Mapping[str, Segments], truths: Mapping[str, Segments]
) -> list[dict[str, Any]]:
    """Average precision and recall of each class by its name, means over thresholds."""

    def count(side: Mapping[str, Segments], label: str) -> int:
        return sum(int(np.sum(one.labels == label)) for one in side.values() if one.labels is not None)

    return [
        {
            "class": label,
            "average_precision": float(scores.average_precision[:, column].mean()),
            "recall": float(scores.recall[:, column].mean()),
            "found": count(detected, label),
            "count": count(truths, label),
        }
        for column, label in enumerate(scores.labels)
    ]
