"""Continuous ratings, such as valence and arousal: one output for each name of the label set."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.answers.calibration import Calibration
from affekt.core.answers.prediction import Moment, Prediction
from affekt.core.answers.tally import Tally
from affekt.core.errors import DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Preprocess, Sample
from affekt.core.task import Answerer, Answers, Fitted, OnItem, Scored, Scorer, quiet
from affekt.metrics.regression import (
    concordance,
    mean_absolute_error,
    rating_intervals,
    rating_scores,
    rating_sums,
)
from affekt.tasks.predictions import named
from affekt.tasks.rows import RowScorer, RowTask, check_answers, mean_by_count, worst_of

COLUMNS = {"ccc": "CCC", "mae": "mean absolute error", "mean": "mean rating", "count": "samples"}


class Regression(RowTask):
    """Ratings (d,) a sample, in the unit of the data; `logits` are the ratings themselves."""

    name = "regression"
    metrics: Mapping[str, int] = {"ccc": 1, "mae": -1, "loss": -1}
    selects_by = "ccc"
    loss = "affekt.layers.losses:squared_error"
    gate = ("ccc",)
    postprocessing = "none: outputs are ratings"
    fewest_labels = 1
    has_classes = False

    def check(self, sample: Sample, labels: LabelSet) -> None:
        if sample.values is None:
            return
        if set(sample.values) != set(labels.names):
            raise DataError(
                f"sample {sample.id}: ratings are of {sorted(sample.values)}, expected {list(labels.names)}"
            )
        wrong = {name: value for name, value in sample.values.items() if not math.isfinite(value)}
        if wrong:
            name, value = next(iter(wrong.items()))
            raise DataError(f"sample {sample.id}: ratings have to be finite, found {name} = {value}")

    def is_labelled(self, sample: Sample) -> bool:
        return sample.values is not None

    def label_weights(self, sample: Sample) -> Mapping[str, float]:
        """The names that are rated; each counts the same."""
        return dict.fromkeys(sample.values or {}, 1.0)

    def classes_of(self, sample: Sample) -> list[str]:
        """None: a rating is not a class."""
        return []

    def targets(self, samples: Sequence[Sample], labels: LabelSet) -> np.ndarray:
        """Ratings (n, d) float32."""
        for sample in samples:
            self.check(sample, labels)
            if sample.values is None:
                raise DataError(f"{sample.id} has no ratings: it cannot be trained on or scored")
        rows = [[(sample.values or {})[name] for name in labels.names] for sample in samples]
        return np.array(rows, np.float32).reshape(len(samples), len(labels))

    def invent(self, number: int, labels: LabelSet) -> Sample:
        ratings = np.random.default_rng(number).uniform(-1, 1, len(labels))
        return Sample(str(number), {}, values=named(ratings, labels))

    def outputs(self, classes: int, preprocess: Preprocess) -> dict[str, tuple[int | None, ...]]:
        return {"logits": (None, classes)}

    def probability(self, logits: np.ndarray, calibration: Calibration) -> np.ndarray:
        """The ratings as they are: nothing is calibrated."""
        return logits.astype(float)

    def mean_logits(self, logits: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        """The mean rating of a sample's views."""
        return mean_by_count(logits, counts)

    def decide(self, probability: np.ndarray, labels: LabelSet, calibration: Calibration) -> dict[str, Any]:
        return {"scores": {}, "values": named(probability, labels), "label": "", "confidence": None}

    def scorer(self, samples: Sequence[Sample], preprocess: Preprocess, labels: LabelSet) -> Scorer:
        return RegressionScorer()

    def calibrate(self, answers: Answers, preprocess: Preprocess, labels: LabelSet) -> Fitted:
        """Nothing."""
        return Fitted({})

    def gate_scores(self, answers: Answers, labels: LabelSet) -> dict[str, float]:
        truth = self.targets(answers.used, labels)
        return {"ccc": float(concordance(truth, np.asarray(answers.values)).mean())}

    def evaluate(
        self,
        answerer: Answerer,
        samples: Sequence[Sample],
        labels: LabelSet,
        folder: Path,
        *,
        on_item: OnItem = quiet,
    ) -> Scored:
        # Ratings that the network does not answer are left out, not the samples that have them.
        label_map, names = labels.map_to(answerer.labels), answerer.labels.names
        if missing := sorted(set(names) - set(label_map.values())):
            raise DataError(f"the data have no ratings of {', '.join(missing)}, which the network answers")
        answers = self.answer(samples, answerer.preprocess, answerer.network, on_item=on_item)
        predicted, used = check_answers(answers, len(samples)).astype(float), answers.used
        place = [labels.index(next(it for it, ours in label_map.items() if ours == name)) for name in names]
        truth = self.targets(used, labels)[:, place].astype(float)
        ccc, mae = concordance(truth, predicted), mean_absolute_error(truth, predicted)
        found = rating_intervals(truth, predicted, [sample.subject for sample in used])
        scores = {
            "ccc": float(ccc.mean()),
            "mae": float(mae.mean()),
            "rmse": float(np.sqrt(((truth - predicted) ** 2).mean())),
            **{f"ccc/{name}": float(value) for name, value in zip(names, ccc, strict=True)},
        }
        rows = [
            {
                "class": name,
                "ccc": float(ccc[k]),
                "mae": float(mae[k]),
                "mean": float(truth[:, k].mean()),
                "count": len(truth),
            }
            for k, name in enumerate(names)
        ]
        predictions = [
            {
                "id": sample.id,
                "subject": sample.subject or "",
                **{f"true_{name}": float(truth[row, k]) for k, name in enumerate(names)},
                **{name: float(predicted[row, k]) for k, name in enumerate(names)},
            }
            for row, sample in enumerate(used)
        ]
        return Scored(
            scores,
            found.ranges,
            rows,
            names,
            predictions,
            COLUMNS,
            label_map=label_map,
            skipped=answers.skipped,
            samples=len(used),
            interval_over=found.over,
            interval_note=found.note,
        )

    def tally(self, rows: Sequence[Mapping[str, Any]], labels: LabelSet) -> Tally:
        """The moments of each item: (n, d, 8)."""
        truth = np.array([[float(row[f"true_{name}"]) for name in labels.names] for row in rows])
        predicted = np.array([[float(row[name]) for name in labels.names] for row in rows])
        return Tally(rating_sums(truth, predicted), rating_scores)

    def shown(self, prediction: Prediction) -> dict[str, Any]:
        return dict(prediction.values or {})

    def moments_of(
        self, answerer: Answerer, sample: Sample, outputs: Mapping[str, np.ndarray], row: int
    ) -> tuple[Moment, ...]:
        """None: scores of moments are probabilities."""
        return ()


class RegressionScorer(RowScorer):
    """Concordance, absolute error, and the squared error that selection may ask for."""

    worst = worst_of(Regression.metrics, lowest=-1.0)

    def score(self, logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Means over dimensions; targets are ratings (n, d)."""
        predicted, truth = logits.astype(float), targets.astype(float)
        return {
            "ccc": float(concordance(truth, predicted).mean()),
            "mae": float(mean_absolute_error(truth, predicted).mean()),
            "loss": float(((truth - predicted) ** 2).mean()),
        }


TASK = Regression()
