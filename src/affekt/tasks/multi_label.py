"""Several labels per sample, or none: classes do not exclude each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.answers.calibration import Calibration
from affekt.core.answers.prediction import Prediction
from affekt.core.answers.tally import Tally
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Preprocess, Sample
from affekt.core.task import Answerer, Answers, Fitted, OnItem, Scored, Scorer, quiet
from affekt.core.wording import counted
from affekt.metrics.calibration import (
    binary_log_likelihood,
    cell_calibration_error,
    fit_cell_temperature,
    sigmoid,
)
from affekt.metrics.multi_label import (
    PRESENT,
    THRESHOLD,
    fit_thresholds,
    label_counts,
    multi_label_intervals,
    multi_label_per_class,
    multi_label_scores,
    recalls_of_counts,
    scores_of_counts,
    unit_intervals,
)
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

COLUMNS = {
    "threshold": "threshold",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "average_precision": "average precision",
    "count": "samples",
}
SEPARATOR = "|"  # of labels in a cell of a table


class MultiLabel(RowTask):
    """A sigmoid for each class, and a threshold from which it is present."""

    name = "multi_label"
    metrics: Mapping[str, int] = {
        "accuracy": 1,
        "uar": 1,
        "macro_f1": 1,
        "micro_f1": 1,
        "weighted_f1": 1,
        "mean_precision": 1,
        "loss": -1,
    }
    selects_by = "uar"
    loss = "affekt.layers.losses:binary_cross_entropy"
    gate = ("accuracy", "uar")
    postprocessing = "sigmoid"
    has_several = True
    also_scores = ("single_label",)

    def check(self, sample: Sample, labels: LabelSet) -> None:
        check_weights(sample, labels, most=1.0, allowed="0 to 1")

    def is_labelled(self, sample: Sample) -> bool:
        """Weights without any label state that no class is present."""
        return sample.label is not None or sample.label_weights is not None

    def label_weights(self, sample: Sample) -> Mapping[str, float]:
        if sample.label_weights or sample.label is None:
            return sample.label_weights or {}
        return {sample.label: 1.0}

    def classes_of(self, sample: Sample) -> list[str]:
        if sample.label is not None:
            return [sample.label]
        return [name for name, weight in self.label_weights(sample).items() if weight > PRESENT]

    def targets(self, samples: Sequence[Sample], labels: LabelSet) -> np.ndarray:
        """Weights (n, k) float32."""
        rows = np.zeros((len(samples), len(labels)), np.float32)
        for row, sample in zip(rows, samples, strict=True):
            self.check(sample, labels)
            if not self.is_labelled(sample):
                raise DataError(f"{sample.id} has no label: it cannot be trained on or scored")
            for name, weight in self.label_weights(sample).items():
                row[labels.index(name)] = weight
        return rows

    def probability(self, logits: np.ndarray, calibration: Calibration) -> np.ndarray:
        return sigmoid(logits.astype(float) / calibration.temperature)

    def mean_logits(self, logits: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        """The logit of the mean score of a sample's views."""
        if max(counts) == 1:
            return logits
        logits = logits.astype(np.float64)
        yes, no = -np.logaddexp(0.0, -logits), -np.logaddexp(0.0, logits)
        return mean_by_sample(yes, counts) - mean_by_sample(no, counts)

    def thresholds(self, labels: LabelSet, calibration: Calibration) -> np.ndarray:
        """Probability (k,) from which each class is present."""
        return np.array([calibration.thresholds.get(name, THRESHOLD) for name in labels.names])

    def decide(self, probability: np.ndarray, labels: LabelSet, calibration: Calibration) -> dict[str, Any]:
        best = int(probability.argmax())
        chosen = np.flatnonzero(probability >= self.thresholds(labels, calibration))
        return {
            "label": labels.names[best],
            "confidence": float(probability[best]),
            "labels": tuple(labels.names[k] for k in sorted(chosen, key=lambda k: -probability[k])),
        }

    def scorer(self, samples: Sequence[Sample], preprocess: Preprocess, labels: LabelSet) -> Scorer:
        return MultiLabelScorer()

    def calibrate(self, answers: Answers, preprocess: Preprocess, labels: LabelSet) -> Fitted:
        """The temperature, then the threshold of each class."""
        logits, truth = np.asarray(answers.values).astype(float), self.targets(answers.used, labels)
        temperature = fit_cell_temperature(logits, truth)
        probability = sigmoid(logits / temperature)
        thresholds = fit_thresholds(truth, probability)
        document = {
            "temperature": temperature,
            "thresholds": dict(zip(labels.names, thresholds.tolist(), strict=True)),
            "samples": len(truth),
            "ece_before": cell_calibration_error(sigmoid(logits), truth),
            "ece_after": cell_calibration_error(probability, truth),
            "macro_f1": multi_label_scores(truth, probability, thresholds=thresholds)["macro_f1"],
        }

        def draw(folder: Path) -> None:
            from affekt.report.figures import draw_classes

            rows = multi_label_per_class(truth, probability, labels.names, thresholds=thresholds)
            draw_classes(rows, folder / "classes-validation.png", title="validation")

        return Fitted(document, draw)

    def gate_scores(self, answers: Answers, labels: LabelSet) -> dict[str, float]:
        probability = sigmoid(np.asarray(answers.values).astype(float))
        found = multi_label_scores(self.targets(answers.used, labels), probability)
        return {name: found[name] for name in self.gate}

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
        names, limits = answerer.labels.names, self.thresholds(answerer.labels, answerer.calibration)
        # Two labels of the data may map to one of the network.
        truth = np.clip(moved(self.targets(used, labels), labels, answerer.labels, label_map), 0, 1)
        probability = self.probability(logits, answerer.calibration)
        predictions = self._predictions(answerer, used, truth, probability)
        missing = unstated(label_map, answerer.labels)
        if missing:  # whether they are present is not known: they are not scored
            kept = [k for k, name in enumerate(names) if name not in missing]
            names, limits = tuple(names[k] for k in kept), limits[kept]
            truth, probability, logits = truth[:, kept], probability[:, kept], logits[:, kept]
        rows = multi_label_per_class(truth, probability, names, thresholds=limits)
        subjects = [sample.subject for sample in used]
        found = multi_label_intervals(truth, probability, subjects, thresholds=limits)
        ranked = [row["average_precision"] for row in rows if row["average_precision"] is not None]
        scores = multi_label_scores(truth, probability, thresholds=limits)
        if ranked:
            scores["map"] = float(np.mean(ranked))
        scores["ece"] = cell_calibration_error(probability, truth)
        scaled = logits.astype(float) / answerer.calibration.temperature
        scores["nll"] = binary_log_likelihood(scaled, truth)
        _draw(rows, probability, truth, folder)
        return Scored(
            scores,
            found.ranges,
            rows,
            answerer.labels.names,
            predictions,
            COLUMNS,
            label_map=label_map,
            skipped=[*skipped, *answers.skipped],
            localization=score_key_segments(self, answerer, used),
            notes=(f"the data have no label for {', '.join(missing)}: not scored",) if missing else (),
            samples=len(used),
            interval_over=found.over,
            interval_note=found.note,
        )

    def tally(self, rows: Sequence[Mapping[str, Any]], labels: LabelSet) -> Tally:
        """Whether each label is present, predicted, both or neither: (n, k, 4)."""
        truth, predicted = (
            np.array([[name in str(row[column]).split(SEPARATOR) for name in labels.names] for row in rows])
            for column in ("true", "predicted")
        )
        counts = label_counts(truth, predicted.astype(float))
        return Tally(counts, scores_of_counts, unit_intervals, recalls_of_counts)

    def _predictions(
        self, answerer: Answerer, used: Sequence[Sample], truth: np.ndarray, probability: np.ndarray
    ) -> list[dict[str, Any]]:
        """Rows of the predictions file."""
        names = answerer.labels.names
        decided = [self.decide(row, answerer.labels, answerer.calibration) for row in probability]
        return [
            {
                "id": sample.id,
                "subject": sample.subject or "",
                "true": SEPARATOR.join(names[k] for k in np.flatnonzero(truth[row] > PRESENT)),
                "predicted": SEPARATOR.join(decided[row]["labels"]),
                "likeliest": decided[row]["label"],
                "confidence": decided[row]["confidence"],
                **{name: float(value) for name, value in zip(names, probability[row], strict=True)},
            }
            for row, sample in enumerate(used)
        ]

    def shown(self, prediction: Prediction) -> dict[str, Any]:
        return {"labels": SEPARATOR.join(prediction.labels), **super().shown(prediction)}


class MultiLabelScorer(RowScorer):
    """Scores at a threshold of 0.5; thresholds are fitted once training is over."""

    worst = worst_of(MultiLabel.metrics)

    def score(self, logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Loss, accuracy, recalls and mean precision; targets are weights (n, k)."""
        probability = sigmoid(logits.astype(float))
        return {
            "loss": binary_log_likelihood(logits, targets),
            **multi_label_scores(targets, probability),
        }


def _draw(rows: list[dict[str, Any]], probability: np.ndarray, truth: np.ndarray, folder: Path) -> None:
    from affekt.report.figures import draw_classes, draw_reliability  # the runtime has no matplotlib

    draw_classes(rows, folder / "classes.png", title=f"{counted(len(truth), 'sample')}")
    draw_reliability(probability.ravel(), truth.ravel() > PRESENT, folder / "reliability.png", cells=True)


TASK = MultiLabel()
