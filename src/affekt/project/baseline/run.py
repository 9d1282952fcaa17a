"""The baseline of a release: probes with intervals, and how the score grows with the number of items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from affekt.core.errors import DataError
from affekt.core.sample import Sample
from affekt.core.wording import counted
from affekt.data.open import open_dataset
from affekt.metrics.classification import confusion_matrix, scores_of
from affekt.metrics.intervals import score_intervals
from affekt.project.baseline.probes import Training, majority, probes, together
from affekt.project.baseline.stored import write_baseline
from affekt.project.baseline.vectors import vectors_of

SHARES = (0.125, 0.25, 0.5, 1.0)  # of the training groups, for the learning curve
DRAWS = 3  # of groups, for each share below 1


@dataclass(frozen=True)
class Row:
    """A row of the table: a score with its 95 % interval."""

    name: str
    accuracy: float
    low: float
    high: float
    weighted_f1: float
    uar: float


@dataclass(frozen=True)
class CurvePoint:
    """Accuracy of one probe on all modalities, of several draws of training groups."""

    items: int
    mean: float
    least: float
    most: float


@dataclass(frozen=True)
class Baseline:
    """What the baseline found.

    Attributes:
        part: The part that is scored; `test` only where it is asked for.
        over: What the intervals are over: subjects or items.
        present: Share of the items that have each modality.
    """

    version: str
    part: str
    items: int
    train_items: int
    rows: list[Row]
    curve: list[CurvePoint]
    over: str
    present: dict[str, float]


def run_baseline(
    release: Path, *, part: str = "validation", on_item: Callable[[int, int], None] = lambda done, total: None
) -> Baseline:
    """Fit all probes on the training part of a release, score one part, and store the result beside it.

    Raises:
        DataError: The release has no features, or a part has no items.
    """
    corpus = open_dataset("release", release, {"read": "features"})
    train = [sample for sample in corpus.samples if sample.split == "train"]
    scored = [sample for sample in corpus.samples if sample.split == part]
    if not train or not scored:
        raise DataError(
            f"{release} has {counted(len(train), 'item')} for training and {len(scored)} in {part}"
        )
    if len({sample.label for sample in train}) < 2:
        raise DataError(f"all {len(train)} training items of {release} have one label")
    vectors = vectors_of([*train, *scored], on_item)
    fitted = Training(
        {name: values[: len(train)] for name, values in vectors.items()},
        np.array([str(sample.label) for sample in train]),
        np.array([str(sample.subject) for sample in train]),
    )
    given = {name: values[len(train) :] for name, values in vectors.items()}
    answers = {"majority": majority(fitted, given), **probes(fitted, given)}
    names = corpus.labels.names
    rows = [_row(name, said, scored, names) for name, said in answers.items()]
    found = Baseline(
        version=corpus.version,
        part=part,
        items=len(scored),
        train_items=len(train),
        rows=[row for row, _ in rows],
        curve=_curve(fitted, given, [str(sample.label) for sample in scored]),
        over=rows[0][1],
        present={name: float((values[:, -1] > 0).mean()) for name, values in vectors.items()},
    )
    write_baseline(release, found)
    return found


def _row(name: str, said: np.ndarray, scored: Sequence[Sample], names: Sequence[str]) -> tuple[Row, str]:
    place = {label: number for number, label in enumerate(names)}
    truth = np.array([place[str(sample.label)] for sample in scored])
    predicted = np.array([place[label] for label in said])
    scores = {
        key: float(value) for key, value in scores_of(confusion_matrix(truth, predicted, len(names))).items()
    }
    intervals = score_intervals(truth, predicted, len(names), [sample.subject for sample in scored])
    low, high = intervals.ranges["accuracy"]
    return Row(name, scores["accuracy"], low, high, scores["weighted_f1"], scores["uar"]), intervals.over


def _curve(train: Training, given: Mapping[str, np.ndarray], truth: Sequence[str]) -> list[CurvePoint]:
    groups = np.unique(train.groups)
    points: list[CurvePoint] = []
    for share in SHARES:
        scores, sizes = [], []
        for draw in range(DRAWS if share < 1 else 1):
            chosen = np.random.default_rng(draw).permutation(groups)[: max(1, round(share * len(groups)))]
            places = np.flatnonzero(np.isin(train.groups, chosen))
            some = train.at(places)
            if len(np.unique(some.labels)) < 2:
                continue
            scores.append(float((together(some, given) == np.array(truth)).mean()))
            sizes.append(len(places))
        if scores:
            points.append(
                CurvePoint(round(float(np.mean(sizes))), float(np.mean(scores)), min(scores), max(scores))
            )
    return points
