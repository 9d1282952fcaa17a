"""How good decisions are where a sample may have several labels, or none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from affekt.core.sample import Sample
from affekt.deploy.runtime.predictor import Predictor
from affekt.evaluation.result import Evaluation
from affekt.metrics.calibration import binary_log_likelihood, cell_calibration_error
from affekt.metrics.multi_label import (
    PRESENT,
    multi_label_intervals,
    multi_label_per_class,
    multi_label_scores,
)
from affekt.report.figures import draw_classes, draw_reliability

SEPARATOR = "|"  # of labels in a cell of a table


def score_labels(
    predictor: Predictor, logits: np.ndarray, samples: Sequence[Sample], truth: np.ndarray, folder: Path
) -> Evaluation:
    """Score the labels that are decided by the threshold of each class.

    Args:
        logits: (n, k).
        truth: (n, k) weights of labels; one above 0.5 is present.
        folder: Where figures go; it exists.
    """
    names, limits = predictor.labels.names, predictor.limits()
    truth = np.clip(truth, 0, 1)  # two labels of the data may be one of the network
    probability = predictor.probability(logits)
    rows = multi_label_per_class(truth, probability, names, thresholds=limits)
    found = multi_label_intervals(
        truth, probability, [sample.subject for sample in samples], thresholds=limits
    )
    ranked = [row["average_precision"] for row in rows if row["average_precision"] is not None]
    scores = multi_label_scores(truth, probability, thresholds=limits)
    if ranked:
        scores["map"] = float(np.mean(ranked))
    scores["ece"] = cell_calibration_error(probability, truth)
    scores["nll"] = binary_log_likelihood(logits.astype(float) / predictor.temperature, truth)
    draw_classes(rows, folder / "classes.png", title=f"{len(samples)} samples")
    draw_reliability(probability.ravel(), truth.ravel() > PRESENT, folder / "reliability.png", cells=True)
    predictions = [
        {
            "id": sample.id,
            "subject": sample.subject or "",
            "true": SEPARATOR.join(names[k] for k in np.flatnonzero(truth[row] > PRESENT)),
            "predicted": SEPARATOR.join(predictor.decided(probability[row])),
            "likeliest": names[int(probability[row].argmax())],
            "confidence": float(probability[row].max()),
            **{name: float(value) for name, value in zip(names, probability[row], strict=True)},
        }
        for row, sample in enumerate(samples)
    ]
    return Evaluation(
        scores,
        found.ranges,
        rows,
        np.zeros((0, 0), int),
        names,
        predictions,
        folder,
        backend=predictor.backend,
        task=predictor.task,
        samples=len(samples),
        interval_over=found.over,
        interval_note=found.note,
    )
