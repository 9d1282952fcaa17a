"""The task of ratings: targets, answers with prediction intervals, and evaluation."""

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
from affekt.metrics.conformal import LEVEL, around, conformal_reach
from affekt.metrics.regression import (
    concordance,
    mean_absolute_error,
    pearson,
    rating_scores,
    rating_sums,
)
from affekt.tasks.predictions import named
from affekt.tasks.regression.scores import ROUNDING, score_ratings
from affekt.tasks.rows import RowScorer, RowTask, check_answers, mean_by_count, worst_of

COLUMNS = {
    "ccc": "CCC",
    "pearson": "Pearson",
    "mae": "mean absolute error",
    "mean": "mean rating",
    "count": "samples",
}


class Regression(RowTask):
    """Ratings (d,) a sample, in the unit of the data; `logits` are the ratings themselves.

    `docs/ratings.md` states all scores in words.
    """

    name = "regression"
    metrics: Mapping[str, int] = {"ccc": 1, "pearson": 1, "mae": -1, "loss": -1}
    selects_by = "ccc"
    loss = "affekt.layers.losses:squared_error"
    losses: Mapping[str, str] = {
        "mse": "affekt.layers.losses:squared_error",
        "l1": "affekt.layers.losses:absolute_error",
        "ccc": "affekt.layers.losses:concordance_error",
    }
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
        for name, value in sample.values.items():
            # Ratings are often stored as float32.
            if labels.scale and not labels.scale[0] - ROUNDING <= value <= labels.scale[1] + ROUNDING:
                low, high = labels.scale
                raise DataError(
                    f"sample {sample.id}: {name} = {value:g} is outside the scale of {low:g} to {high:g}"
                )

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
        ratings = np.random.default_rng(number).uniform(*(labels.scale or (-1, 1)), len(labels))
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
        fitted = calibration.interval
        if fitted is None:
            ends = {}
        else:
            reach = np.array([fitted.reach[name] for name in labels.names])
            low, high = around(probability, reach, labels.scale)
            ends = dict(zip(labels.names, zip(low.tolist(), high.tolist(), strict=True), strict=True))
        return {
            "scores": {},
            "values": named(probability, labels),
            "label": "",
            "confidence": None,
            "interval": ends,
            "interval_level": None if fitted is None else fitted.level,
        }

    def scorer(self, samples: Sequence[Sample], preprocess: Preprocess, labels: LabelSet) -> Scorer:
        return RegressionScorer()

    def calibrate(self, answers: Answers, preprocess: Preprocess, labels: LabelSet) -> Fitted:
        """The width of prediction intervals, if there are enough samples."""
        predicted = np.asarray(answers.values).astype(float)
        if not answers.used or not np.isfinite(predicted).all():
            return Fitted({"interval": None, "interval_note": "no prediction interval: no finite ratings"})
        errors = np.abs(self.targets(answers.used, labels) - predicted)
        found = conformal_reach(errors, [sample.subject for sample in answers.used])
        if found.distances is None:
            return Fitted({"interval": None, "interval_note": found.note})
        interval = {
            "level": LEVEL,
            "reach": named(found.distances, labels),
            "over": found.over,
            "units": found.units,
            "note": found.note,
        }
        return Fitted({"interval": interval, "samples": len(errors)})

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
        if None not in (labels.scale, answerer.labels.scale) and labels.scale != answerer.labels.scale:
            raise DataError(
                f"the data rate from {_ends(labels.scale)}, the network from {_ends(answerer.labels.scale)}: "
                "their ratings cannot be compared"
            )
        # Ratings that the network does not answer are left out, not the samples that have them.
        label_map, names = labels.map_to(answerer.labels), answerer.labels.names
        if missing := sorted(set(names) - set(label_map.values())):
            raise DataError(f"the data have no ratings of {', '.join(missing)}, which the network answers")
        answers = self.answer(samples, answerer.preprocess, answerer.network, on_item=on_item)
        predicted, used = check_answers(answers, len(samples)).astype(float), answers.used
        place = [labels.index(next(it for it, ours in label_map.items() if ours == name)) for name in names]
        truth = self.targets(used, labels)[:, place].astype(float)
        subjects = [sample.subject for sample in used]
        found = score_ratings(truth, predicted, subjects, answerer.labels, answerer.calibration.interval)
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
            found.scores,
            found.ranges,
            found.rows,
            names,
            predictions,
            COLUMNS,
            label_map=label_map,
            skipped=answers.skipped,
            notes=found.notes,
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
        shown: dict[str, Any] = {}
        for name, value in (prediction.values or {}).items():
            shown[name] = value
            if name in prediction.interval:
                shown[f"{name}_low"], shown[f"{name}_high"] = prediction.interval[name]
        return shown

    def moments_of(
        self, answerer: Answerer, sample: Sample, outputs: Mapping[str, np.ndarray], row: int
    ) -> tuple[Moment, ...]:
        """None: scores of moments are probabilities."""
        return ()


def _ends(scale: tuple[float, float] | None) -> str:
    return "an unknown scale" if scale is None else f"{scale[0]:g} to {scale[1]:g}"


class RegressionScorer(RowScorer):
    """Correlations, absolute error, and the squared error that selection may ask for.

    Where Pearson's correlation is not defined, because a network answers all samples alike, it is the worst
    one, -1: such an epoch is never the best.
    """

    worst = worst_of(Regression.metrics, lowest=-1.0)

    def score(self, logits: np.ndarray, targets: np.ndarray) -> dict[str, float]:
        """Means over dimensions; targets are ratings (n, d)."""
        predicted, truth = logits.astype(float), targets.astype(float)
        correlation = float(pearson(truth, predicted).mean())
        return {
            "ccc": float(concordance(truth, predicted).mean()),
            "pearson": correlation if math.isfinite(correlation) else self.worst["pearson"],
            "mae": float(mean_absolute_error(truth, predicted).mean()),
            "loss": float(((truth - predicted) ** 2).mean()),
        }


TASK = Regression()
