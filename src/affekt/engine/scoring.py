"""What validation says of an epoch, by task: plain scores by name, one of which selects."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from affekt.core.dataset import Task
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Localized, Localizing, Sample
from affekt.metrics.calibration import binary_log_likelihood, negative_log_likelihood, sigmoid
from affekt.metrics.classification import confusion_matrix, scores_of
from affekt.metrics.detection import detection_scores
from affekt.metrics.multi_label import multi_label_scores
from affekt.metrics.segments import Segments


@runtime_checkable
class Scorer(Protocol):
    """Collects the answers of one pass over validation samples."""

    def add(self, logits: Tensor, batch: Mapping[str, Any]) -> None:
        """The answer to a batch."""
        ...

    def scores(self) -> dict[str, float]:
        """Scores by name of all that was added since the last time."""
        ...

    def __len__(self) -> int:
        """Batches that were added."""
        ...


class ClassScorer:
    """Scores of labels, with the loss that selection may ask for: plain, without smoothing or weights."""

    def __init__(self, task: Task) -> None:
        self.task: Task = task
        self._seen: list[tuple[Tensor, Tensor]] = []

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, logits: Tensor, batch: Mapping[str, Any]) -> None:
        """Logits (b, k) and the targets of the batch."""
        self._seen.append((logits.float().cpu(), batch["label"].cpu()))

    def scores(self) -> dict[str, float]:
        """Loss, accuracy and recalls."""
        logits, targets = (torch.cat(part).numpy() for part in zip(*self._seen, strict=True))
        self._seen.clear()
        names = ("accuracy", "uar", "macro_f1", "weighted_f1")
        if self.task == "multi_label":
            names = (*names, "mean_precision")
        if not np.isfinite(logits).all():  # training diverged: such an epoch is never the best
            return {"loss": math.inf, **dict.fromkeys(names, 0.0)}
        if self.task == "multi_label":
            # Thresholds are fitted once training is over; until then each class is present from 0.5 on.
            return {
                "loss": binary_log_likelihood(logits, targets),
                **multi_label_scores(targets, sigmoid(logits.astype(float))),
            }
        truth = targets.argmax(axis=1) if targets.ndim == 2 else targets
        confusion = confusion_matrix(truth, logits.argmax(axis=1), logits.shape[1])
        return {
            "loss": negative_log_likelihood(logits.astype(float), truth),
            **{name: float(value) for name, value in scores_of(confusion).items()},
        }


class SegmentScorer:
    """Scores of segments that were found, against those that validation samples state."""

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

    def add(self, logits: Tensor, batch: Mapping[str, Any]) -> None:
        """Logits (b, t, k + 1); the batch names its samples by their number."""
        for number, cells in zip(batch["number"].tolist(), logits.float().cpu().numpy(), strict=True):
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
    """What a network found, with names as labels."""
    return Segments(found.spans_s, found.scores, np.array(labels.names, dtype=object)[found.labels])
