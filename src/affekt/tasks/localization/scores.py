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
    """Scores of detected segments, against those that validation samples state."""

    reads: tuple[str, ...] = ("logits",)

    def __init__(self, samples: Sequence[Sample], preprocess: Localizing, labels: LabelSet) -> None:
        """Raises:
        DataError: No sample states a segment, so nothing could be scored.
        """
        if not any(sample.segments for sample in samples):
            raise DataError("no validation sample states a segment: there is nothing to choose an epoch by")
        self.samples, self.preprocess, self.labels = list(samples), preprocess, labels
        self._found: dict[str, Segments] = {}

    def __len__(self) -> int:
        return len(self._found)

    def add(self, outputs: Mapping[str, np.ndarray], targets: Mapping[str, np.ndarray]) -> None:
        """Logits (b, t, k + 1); `number` names the samples by their place."""
        for number, cells in zip(targets["number"].tolist(), outputs["logits"], strict=True):
            sample = self.samples[number]
            self._found[sample.id] = named_segments(self.preprocess.localize(sample, cells), self.labels)

    def scores(self) -> dict[str, float]:
        """Mean average precision and what else TSL-Net's authors report, by name."""
        by_id = {sample.id: sample for sample in self.samples}
        truths = {name: Segments.of(by_id[name].segments or ()) for name in self._found}
        scores = detection_scores(self._found, truths, labels=self.labels.names).to_dict()
        self._found.clear()
        return scores


def named_segments(found: Localized, labels: LabelSet) -> Segments:
    """Detected segments, with names as labels."""
    return Segments(found.spans_s, found.scores, np.array(labels.names, dtype=object)[found.labels])


def segment_rows(name: str, found: Segments) -> list[dict[str, Any]]:
    """One row a segment, for the predictions file."""
    assert found.scores is not None and found.labels is not None
    return [
        {"id": name, "start_s": start, "end_s": end, "label": label, "score": score}
        for (start, end), label, score in zip(
            found.spans_s.tolist(), found.labels.tolist(), found.scores.tolist(), strict=True
        )
    ]


def per_class(
    scores: DetectionScores, found: Mapping[str, Segments], truths: Mapping[str, Segments]
) -> list[dict[str, Any]]:
    """Average precision and recall of each class by its name, means over thresholds."""

    def count(side: Mapping[str, Segments], label: str) -> int:
        return sum(int(np.sum(one.labels == label)) for one in side.values() if one.labels is not None)

    return [
        {
            "class": label,
            "average_precision": float(scores.average_precision[:, column].mean()),
            "recall": float(scores.recall[:, column].mean()),
            "found": count(found, label),
            "count": count(truths, label),
        }
        for column, label in enumerate(scores.labels)
    ]
