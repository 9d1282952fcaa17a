"""How well a localization network finds what a data set says happens, and when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.errors import AffektError, DataError
from affekt.core.labels import LabelSet
from affekt.core.sample import Sample, Skipped
from affekt.deploy.runtime.predictor import Predictor
from affekt.engine.scoring import named_segments
from affekt.evaluation.result import Evaluation
from affekt.metrics.detection import DetectionScores, detection_intervals, detection_scores
from affekt.metrics.segments import Segments
from affekt.report.figures import draw_average_precision


def evaluate_segments(
    predictor: Predictor,
    samples: Sequence[Sample],
    labels: LabelSet,
    folder: Path,
    *,
    on_batch: Callable[[int, int], None] = lambda done, total: None,
) -> Evaluation:
    """Find segments in all samples and score them against the stated ones.

    Every segment counts, those below the predictor's bar too: average precision ranks them.

    Args:
        labels: Of the data set; mapped to the network's by name.
        on_batch: Told how many of how many samples are done.

    Raises:
        DataError: No sample states its segments, or none can be used.
    """
    stated = [sample for sample in samples if sample.segments is not None]
    if not stated:
        raise DataError("no sample of this part states its segments: there is nothing to score against")
    skipped = [
        Skipped(sample.id, "nobody stated its segments") for sample in samples if sample.segments is None
    ]
    names = labels.map_to(predictor.labels)
    truths: dict[str, Segments] = {}
    found: dict[str, Segments] = {}
    rows: list[dict[str, Any]] = []
    for number, sample in enumerate(stated):
        try:
            truth = [replace(one, label=_known(one.label, names)) for one in sample.segments or ()]
            answer = predictor.localize(sample)
        except AffektError as error:
            skipped.append(Skipped(sample.id, str(error)))
            continue
        finally:
            on_batch(number + 1, len(stated))
        truths[sample.id] = Segments.of(truth)
        found[sample.id] = named_segments(answer, predictor.labels)
        rows += _rows(sample.id, found[sample.id])
    if not truths:
        raise DataError(f"not one of {len(stated)} samples could be used, such as {skipped[-1]}")
    scores = detection_scores(found, truths, labels=predictor.labels.names)
    folder.mkdir(parents=True, exist_ok=True)
    draw_average_precision(
        scores.thresholds, scores.average_precision, scores.labels, folder / "average-precision.png"
    )
    subjects = {sample.id: sample.subject for sample in stated}
    intervals = detection_intervals(found, truths, labels=predictor.labels.names, subjects=subjects)
    return Evaluation(
        scores.to_dict(),
        intervals.ranges,
        _per_class(scores, found, truths),
        np.zeros((0, 0), int),
        predictor.labels.names,
        rows,
        folder,
        skipped=skipped,
        backend=predictor.backend,
        task="localization",
        samples=len(truths),
        interval_over=intervals.over,
        interval_note=intervals.note,
    )


def _known(label: str, names: Mapping[str, str | None]) -> str:
    """What the network calls a label of the data set."""
    name = names[label]
    if name is None:
        raise DataError(f"label {label!r} is not known to the network")
    return name


def _rows(name: str, found: Segments) -> list[dict[str, Any]]:
    """One row a segment."""
    assert found.scores is not None and found.labels is not None
    return [
        {"id": name, "start_s": start, "end_s": end, "label": label, "score": score}
        for (start, end), label, score in zip(
            found.spans_s.tolist(), found.labels.tolist(), found.scores.tolist(), strict=True
        )
    ]


def _per_class(
    scores: DetectionScores, found: dict[str, Segments], truths: dict[str, Segments]
) -> list[dict[str, Any]]:
    """Average precision and recall of each class by its name, means over thresholds."""

    def count(side: dict[str, Segments], label: str) -> int:
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
