"""The task of localization. Source of its scores: TSL-300 (ACM MM 2022)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.answers.networks import Network
from affekt.core.answers.prediction import Moment, Prediction
from affekt.core.errors import AffektError, DataError, MediaError
from affekt.core.labels import LabelSet
from affekt.core.notes import collect_notes
from affekt.core.sample import Localized, Localizing, Preprocess, Sample, Skipped, as_localizing
from affekt.core.segment import Segment
from affekt.core.task import Answerer, Answers, Fitted, OnItem, Scored, Scorer, Task, quiet
from affekt.core.wording import counted
from affekt.metrics.detection import detection_intervals, detection_scores
from affekt.metrics.segment_threshold import best_threshold
from affekt.metrics.segments import Segments
from affekt.tasks.localization.cells import cell_logits
from affekt.tasks.localization.scores import (
    COLUMNS,
    SegmentScorer,
    named_segments,
    per_class,
    segment_rows,
)
from affekt.tasks.predictions import make_prediction, named
from affekt.tasks.rows import NOT_FINITE
from affekt.tasks.weights import check_weights


class Localization(Task):
    """Segments with scores. An answer is a `Localized` per sample; networks answer cell by cell of time."""

    name = "localization"
    metrics: Mapping[str, int] = {"map": 1, "recall": 1}
    selects_by = "map"
    loss = "affekt.layers.losses:cross_entropy"
    gate = ("map",)
    postprocessing = "sigmoid of each cell; proposals above thresholds, non-maximum suppression"
    fewest_learned = 1
    by_cells = True

    def check(self, sample: Sample, labels: LabelSet) -> None:
        check_weights(sample, labels, most=np.inf, allowed="finite and at least 0")

    def is_labelled(self, sample: Sample) -> bool:
        """An empty list of segments states that there is no event."""
        return super().is_labelled(sample) or bool(sample.points) or sample.segments is not None

    def label_weights(self, sample: Sample) -> Mapping[str, float]:
        """Number of annotated points of each label; of segments if there are no points."""
        counts = Counter(mark.label for mark in sample.points or sample.segments or ())
        return {label: float(count) for label, count in counts.items()}

    def classes_of(self, sample: Sample) -> list[str]:
        if sample.label is not None or not sample.label_weights:
            return [sample.label] if sample.label is not None else []
        return [name for name, weight in sample.label_weights.items() if weight > 0]

    def targets(self, samples: Sequence[Sample], labels: LabelSet) -> np.ndarray:
        """Shares (n, k) float32 of the annotations of each class; zeros if there are none."""
        rows = np.zeros((len(samples), len(labels)), np.float32)
        for row, sample in zip(rows, samples, strict=True):
            self.check(sample, labels)
            for name, weight in self.label_weights(sample).items():
                row[labels.index(name)] = weight
        return rows / np.maximum(rows.sum(axis=1, keepdims=True), np.float32(1e-12))

    def targets_of_item(
        self,
        sample: Sample,
        arrays: Mapping[str, np.ndarray],
        preprocess: Preprocess,
        labels: LabelSet,
        *,
        training: bool,
    ) -> dict[str, np.ndarray]:
        """`points` (t, k) float32: number of annotated points of each class in each cell."""
        if training and not sample.points:
            raise MediaError(f"{sample.id} has no annotated point to train on")
        rows = np.zeros((len(next(iter(arrays.values()))), len(labels)), np.float32)
        times_s = np.array([point.time_s for point in sample.points], float)
        cells = as_localizing(preprocess).cells_at(sample, times_s).tolist()
        for cell, point in zip(cells, sample.points, strict=True):
            if 0 <= cell < len(rows):
                rows[cell, labels.index(point.label)] += 1
        return {"points": rows}

    def fits(self, preprocess: Preprocess) -> bool:
        return isinstance(preprocess, Localizing)

    def outputs(self, classes: int, preprocess: Preprocess) -> dict[str, tuple[int | None, ...]]:
        return {"logits": (None, None, classes + 1)}  # background is the last

    def scorer(self, samples: Sequence[Sample], preprocess: Preprocess, labels: LabelSet) -> Scorer:
        return SegmentScorer(samples, as_localizing(preprocess), labels)

    def answer(
        self,
        samples: Sequence[Sample],
        preprocess: Preprocess,
        network: Network,
        *,
        batch_size: int | None = None,
        on_item: OnItem = quiet,
    ) -> Answers:
        """A `Localized` per used sample, before any threshold on the scores of its segments."""
        localizing = as_localizing(preprocess)
        detected: list[Localized] = []
        used: list[Sample] = []
        skipped: list[Skipped] = []
        for number, sample in enumerate(samples):
            try:
                logits = _finite(cell_logits(sample, localizing, network))
                detected.append(localizing.localize(sample, logits))
                used.append(sample)
            except AffektError as error:
                skipped.append(Skipped(sample.id, str(error)))
            on_item(number + 1, len(samples))
        return Answers(detected, used, skipped)

    def calibrate(self, answers: Answers, preprocess: Preprocess, labels: LabelSet) -> Fitted:
        """The score threshold of reported segments, with the best F1 on validation samples."""
        tiou = as_localizing(preprocess).threshold_tiou
        pairs = list(zip(answers.used, answers.values, strict=True))
        detected = {sample.id: named_segments(one, labels) for sample, one in pairs}
        truths = {sample.id: Segments.of(sample.segments or ()) for sample, _ in pairs}
        threshold, f1 = best_threshold(detected, truths, labels=labels.names, threshold=tiou)
        return Fitted({"segment_threshold": threshold, "f1": f1, "tiou": tiou, "samples": len(detected)})

    def gate_scores(self, answers: Answers, labels: LabelSet) -> dict[str, float]:
        """Raises:
        DataError: No sample has annotated segments, so nothing can be scored.
        """
        pairs = [
            (sample, one)
            for sample, one in zip(answers.used, answers.values, strict=True)
            if sample.segments is not None
        ]
        if not any(sample.segments for sample, _ in pairs):
            raise DataError("no validation sample has an annotated segment, so nothing can be scored")
        detected = {sample.id: named_segments(one, labels) for sample, one in pairs}
        truths = {sample.id: Segments.of(sample.segments or ()) for sample, _ in pairs}
        scores = detection_scores(detected, truths, labels=labels.names).to_dict()
        return {name: scores[name] for name in self.gate}

    def evaluate(
        self,
        answerer: Answerer,
        samples: Sequence[Sample],
        labels: LabelSet,
        folder: Path,
        *,
        on_item: OnItem = quiet,
    ) -> Scored:
        """All detected segments count, also those below the threshold: average precision ranks them."""
        annotated = [sample for sample in samples if sample.segments is not None]
        if not annotated:
            raise DataError("no sample of this part has annotated segments, so nothing can be scored")
        label_map = labels.map_to(answerer.labels)
        skipped = [Skipped(s.id, "its segments are not annotated") for s in samples if s.segments is None]
        known: list[Sample] = []
        for sample in annotated:
            unknown = [one.label for one in sample.segments or () if label_map[one.label] is None]
            if unknown:
                skipped.append(Skipped(sample.id, f"label {unknown[0]!r} is not known to the network"))
            else:
                known.append(sample)
        answers = self.answer(known, answerer.preprocess, answerer.network, on_item=on_item)
        skipped += answers.skipped
        if not answers.used:
            raise DataError(
                f"none of {counted(len(annotated), 'sample')} could be used, for example {skipped[-1]}"
            )
        truths = {
            sample.id: Segments.of(
                [replace(one, label=label_map[one.label] or "") for one in sample.segments or ()]
            )
            for sample in answers.used
        }
        detected = {
            sample.id: named_segments(one, answerer.labels)
            for sample, one in zip(answers.used, answers.values, strict=True)
        }
        names = answerer.labels.names
        scores = detection_scores(detected, truths, labels=names)
        subjects = {sample.id: sample.subject for sample in annotated}
        intervals = detection_intervals(detected, truths, labels=names, subjects=subjects)
        _draw(scores, folder)
        return Scored(
            scores.to_dict(),
            intervals.ranges,
            per_class(scores, detected, truths),
            names,
            [row for name, segments in detected.items() for row in segment_rows(name, segments)],
            COLUMNS,
            label_map=label_map,
            skipped=skipped,
            samples=len(truths),
            interval_over=intervals.over,
            interval_note=intervals.note,
        )

    def predict(
        self,
        answerer: Answerer,
        samples: Iterable[Sample | Skipped],
        *,
        batch_size: int | None = None,
        on_cells: OnItem = quiet,
    ) -> Iterator[Prediction | Skipped]:
        for sample in samples:
            yield sample if isinstance(sample, Skipped) else self._predict(answerer, sample, on_cells)

    def rows(self, prediction: Prediction) -> list[dict[str, Any]]:
        """One row per segment, the highest score first; one empty row for an input without any."""
        columns = ("start_s", "end_s", "label", "score")
        rows = [{name: getattr(one, name) for name in columns} for one in prediction.segments or ()]
        return rows or [dict.fromkeys(columns)]

    def _predict(self, answerer: Answerer, sample: Sample, on_cells: OnItem) -> Prediction | Skipped:
        try:
            with collect_notes() as notes:
                detected = localize(answerer, sample, on_cells=on_cells)
        except AffektError as error:
            return Skipped(sample.id, str(error))
        moments = tuple(
            Moment(float(start), float(end), float(foreground), named(scores, answerer.labels))
            for (start, end), foreground, scores in zip(
                detected.cells_s, detected.foreground, detected.curves, strict=True
            )
        )
        threshold = answerer.calibration.segment_threshold
        segments = tuple(
            Segment(float(start), float(end), answerer.labels.names[label], float(score))
            for (start, end), label, score in sorted(
                zip(detected.spans_s, detected.labels.tolist(), detected.scores.tolist(), strict=True),
                key=lambda one: -one[2],
            )
            if threshold is None or score >= threshold
        )
        best = int(detected.video.argmax())
        return make_prediction(
            answerer,
            self.name,
            sample,
            tuple(notes),
            scores=named(detected.video, answerer.labels),
            moments=moments,
            label=answerer.labels.names[best],
            confidence=float(detected.video[best]),
            segments=segments,
        )


def localize(answerer: Answerer, sample: Sample, *, on_cells: OnItem = quiet) -> Localized:
    """The complete answer of a localization network to a sample, before any threshold on segment scores.

    Raises:
        MediaError: The sample cannot be read, or the network answers it with NaN or infinity.
        TypeError: The network is not for localization.
    """
    preprocess = as_localizing(answerer.preprocess)
    logits = _finite(cell_logits(sample, preprocess, answerer.network, on_cells=on_cells))
    return preprocess.localize(sample, logits)


def _finite(logits: np.ndarray) -> np.ndarray:
    """The logits; raises MediaError for NaN or infinity."""
    if not np.isfinite(logits).all():
        raise MediaError(NOT_FINITE)
    return logits


def _draw(scores: Any, folder: Path) -> None:
    from affekt.report.figures import draw_average_precision  # the runtime has no matplotlib

    file = folder / "average-precision.png"
    draw_average_precision(scores.thresholds, scores.average_precision, scores.labels, file)


TASK = Localization()
