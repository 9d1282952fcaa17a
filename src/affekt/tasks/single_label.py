"""One label per sample: classes exclude each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.answers.calibration import Calibration
from affekt.core.answers.tally import Tally
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Preprocess, Sample
from affekt.core.task import Answerer, Answers, Fitted, OnItem, Scored, Scorer, quiet
from affekt.core.wheel import wheel_distances
from affekt.core.wording import counted
from affekt.metrics.calibration import (
    expected_calibration_error,
    fit_temperature,
    negative_log_likelihood,
    softmax,
)
from affekt.metrics.classification import confusion_matrix, mean_distance, per_class, recalls_of, scores_of
from affekt.metrics.intervals import confusion_intervals, score_intervals
from affekt.metrics.permutation import exchanged_labels
from affekt.tasks.key_segments import score_key_segments
from affekt.tasks.rows import (
    RowScorer,
    RowTask,
    check_answers,
    check_known,
    mean_by_sample,
    moved,
    unstated,
    worst_of,
)
from affekt.tasks.weights import check_weights

COLUMNS = {"precision": "precision", "recall": "recall", "f1": "F1", "count": "samples"}


class SingleLabel(RowTask):
    """Softmax over classes. If samples have votes, these are the target, and the largest is the truth."""

    name = "single_label"
    metrics: Mapping[str, int] = {"accuracy": 1, "uar": 1, "macro_f1": 1, "weighted_f1": 1, "loss": -1}
    selects_by = "uar"
    loss = "affekt.layers.losses:cross_entropy"
    gate = ("accuracy", "uar")
    postprocessing = "softmax"

    def check(self, sample: Sample, labels: LabelSet) -> None:
        check_weights(sample, labels, most=math.inf, allowed="finite and at least 0")
        weights = sample.label_weights
        if weights and not sum(weights.values()) > 0:
            raise DataError(
                f"sample {sample.id}: label weights sum to 0, so that it has no label: leave it out, or give "
                "it label None"
            )

    def label_weights(self, sample: Sample) -> Mapping[str, float]:
        if sample.label_weights or sample.label is None:
            return sample.label_weights or {}
        return {sample.label: 1.0}

    def classes_of(self, sample: Sample) -> list[str]:
        return [sample.label] if sample.label is not None else super().classes_of(sample)

    def targets(self, samples: Sequence[Sample], labels: LabelSet) -> np.ndarray:
        """Class indices (n,) int64; shares (n, k) float32 if samples have votes."""
        for sample in samples:
            self.check(sample, labels)
            if not self.is_labelled(sample):
                raise DataError(f"{sample.id} has no label: it cannot be trained on or scored")
        if all(sample.label_weights is None for sample in samples):
            return np.array([labels.index(sample.label or "") for sample in samples], np.int64)
        rows = np.zeros((len(samples), len(labels)), np.float32)
        for row, sample in zip(rows, samples, strict=True):
            for name, weight in self.label_weights(sample).items():
                row[labels.index(name)] = weight
        return rows / np.maximum(rows.sum(axis=1, keepdims=True), np.float32(1e-12))

    def probability(self, logits: np.ndarray, calibration: Calibration) -> np.ndarray:
        return softmax(logits.astype(float) / calibration.temperature)

    def mean_logits(self, logits: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        """The logarithm of the mean scores of a sample's views, which serves as its logits."""
        if max(counts) == 1:
            return logits
        logits = logits.astype(np.float64)
        return mean_by_sample(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True), counts)

    def decide(self, probability: np.ndarray, labels: LabelSet, calibration: Calibration) -> dict[str, Any]:
        best = int(probability.argmax())
        return {"label": labels.names[best], "confidence": float(probability[best])}

    def scorer(self, samples: Sequence[Sample], preprocess: Preprocess, labels: LabelSet) -> Scorer:
        return SingleLabelScorer()

    def calibrate(self, answers: Answers, preprocess: Preprocess, labels: LabelSet) -> Fitted:
        """The temperature."""
        logits, truth = np.asarray(answers.values), hard(self.targets(answers.used, labels))
        temperature = fit_temperature(logits, truth)
        document = {
            "temperature": temperature,
            "samples": len(truth),
            "ece_before": expected_calibration_error(softmax(logits), truth),
            "ece_after": expected_calibration_error(softmax(logits / temperature), truth),
        }

        def draw(folder: Path) -> None:
            from affekt.report.figures import draw_confusion

            confusion = confusion_matrix(truth, logits.argmax(axis=1), len(labels))
            draw_confusion(confusion, labels.names, folder / "confusion-validation.png", title="validation")

        return Fitted(document, draw)

    def gate_scores(self, answers: Answers, labels: LabelSet) -> dict[str, float]:
        truth = hard(self.targets(answers.used, labels))
        found = scores_of(confusion_matrix(truth, np.asarray(answers.values).argmax(axis=1), len(labels)))
        return {name: float(found[name]) for name in self.gate}

    def evaluate(
        self,
        answerer: Answerer,
        samples: Sequence[Sample],
        labels: LabelSet,
        folder: Path,
        *,
        on_item: OnItem = quiet,
    ) -> Scored:
        known, skipped, label_map = check_known(samples, labels, answerer.labels, self)
        answers = self.answer(known, answerer.preprocess, answerer.network, on_item=on_item)
        logits, used = check_answers(answers, len(known)), answers.used
        truth = hard(moved(self.targets(used, labels), labels, answerer.labels, label_map))
        names, classes = answerer.labels.names, len(answerer.labels)
        missing = unstated(label_map, answerer.labels)
        probability = self.probability(logits, answerer.calibration)
        predicted = probability.argmax(axis=1)
        confusion = confusion_matrix(truth, predicted, classes)
        found = score_intervals(truth, predicted, classes, [sample.subject for sample in used])
        scores = {name: float(value) for name, value in scores_of(confusion).items()}
        scores["ece"] = expected_calibration_error(probability, truth)
        scores["nll"] = negative_log_likelihood(np.log(np.maximum(probability, 1e-12)), truth)
        if (distances := wheel_distances(answerer.labels)) is not None:
            scores["wheel_distance"] = mean_distance(confusion, distances)
        rows = [
            {
                "id": sample.id,
                "subject": sample.subject or "",
                "true": names[truth[row]],
                "predicted": names[predicted[row]],
                "confidence": float(probability[row].max()),
                **{name: float(value) for name, value in zip(names, probability[row], strict=True)},
            }
            for row, sample in enumerate(used)
        ]
        _draw(confusion, names, probability, predicted == truth, folder)
        return Scored(
            scores,
            found.ranges,
            per_class(confusion, names),
            names,
            rows,
            COLUMNS,
            confusion,
            label_map,
            [*skipped, *answers.skipped],
            label_hint=exchanged_labels(confusion, names),
            localization=score_key_segments(self, answerer, used),
            notes=(f"the data have no label for {', '.join(missing)}: predictions of it are errors",)
            if missing
            else (),
            samples=len(used),
            interval_over=found.over,
            interval_note=found.note,
        )

    def tally(self, rows: Sequence[Mapping[str, Any]], labels: LabelSet) -> Tally:
        """The cell of the confusion matrix of each item: (n, k, k)."""
        truth = np.array([labels.index(str(row["true"])) for row in rows], int)
        predicted = np.array([labels.index(str(row["predicted"])) for row in rows], int)
        cells = np.zeros((len(rows), len(labels), len(labels)))
        cells[np.arange(len(rows)), truth, predicted] = 1
        return Tally(cells, scores_of, confusion_intervals, recalls_of, truth == predicted)


class SingleLabelScorer(RowScorer):
    """Scores of labels, with the loss that selection may ask for: plain, without smoothing or weights."""

    worst = worst_of(SingleLabel.metrics)

    def score(self, logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Loss, accuracy and recalls; targets are classes (n,) or shares (n, k)."""
        truth = hard(targets)
        found = scores_of(confusion_matrix(truth, logits.argmax(axis=1), logits.shape[1]))
        return {
            "loss": negative_log_likelihood(logits.astype(float), truth),
            **{name: float(value) for name, value in found.items()},
        }


def hard(targets: np.ndarray) -> np.ndarray:
    """Classes (n,) from classes or from shares (n, k), whose largest counts."""
    return targets.argmax(axis=1) if targets.ndim == 2 else targets


def _draw(
    confusion: np.ndarray, names: Sequence[str], probability: np.ndarray, right: np.ndarray, folder: Path
) -> None:
    from affekt.report.figures import draw_confusion, draw_reliability  # the runtime has no matplotlib

    draw_confusion(confusion, names, folder / "confusion.png", title=f"{counted(len(probability), 'sample')}")
    draw_reliability(probability.max(axis=1), right, folder / "reliability.png")


TASK = SingleLabel()
