"""What an evaluation gives, and the files it leaves."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.dataset import Task
from affekt.core.files.whole import write_text
from affekt.core.sample import Skipped
from affekt.evaluation.evaluated_on import EvaluatedOn


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation gave; the same lies in its folder as `scores.json`, `predictions.csv` and figures.

    Attributes:
        scores: Metrics by name.
        intervals: 95 % intervals of scores, as `affekt.metrics.intervals` says.
        interval_over: The independent units of the intervals: `subjects`, `items` or `videos`.
        interval_note: A limitation of the intervals, as where subjects are too few; usually empty.
        confusion: Of single labels; empty for several labels and for localization.
        predictions: One row a sample: id, true, predicted, confidence, and the score of each label. Where a
            sample may have several labels, true and predicted ones are joined by `|`, and `confidence` is of
            the likeliest. For localization one row a segment that was found: id, start_s, end_s, label,
            score.
        label_hint: A sentence where labels seem to stand in another order than the outputs; usually empty.
        backend: What computed the network, and in which precision.
        localization: Where samples state when something happens (`Sample.segments`) and the network weighs
            segments: class-agnostic average precision of its key segments, by temporal IoU, and their mean.
        samples: How many were scored.
        evaluated_on: Which data they are of, and how many of them the network was trained on.
    """

    scores: dict[str, float]
    intervals: dict[str, tuple[float, float]]
    per_class: list[dict[str, Any]]
    confusion: np.ndarray
    labels: tuple[str, ...]
    predictions: list[dict[str, Any]]
    folder: Path
    skipped: list[Skipped] = field(default_factory=list)
    label_hint: str = ""
    backend: str = ""
    localization: dict[str, float] = field(default_factory=dict)
    task: Task = "single_label"
    samples: int = 0
    interval_over: str = ""
    interval_note: str = ""
    evaluated_on: EvaluatedOn | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "scores": self.scores,
            "label_hint": self.label_hint,
            "intervals": self.intervals,
            "interval_over": self.interval_over,
            "interval_note": self.interval_note,
            "per_class": self.per_class,
            "confusion": self.confusion.tolist(),
            "labels": list(self.labels),
            "task": self.task,
            "samples": self.samples,
            "skipped": [{"id": item.id, "reason": item.reason} for item in self.skipped],
            "folder": str(self.folder),
            "backend": self.backend,
            "localization": self.localization,
            "evaluated_on": self.evaluated_on.to_dict() if self.evaluated_on else None,
        }

    def write(self) -> None:
        """Scores and predictions into the folder, beside the figures."""
        write_text(self.folder / "scores.json", json.dumps(self.to_dict(), indent=1) + "\n")
        with (self.folder / "predictions.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, fieldnames=list(self.predictions[0]) if self.predictions else [])
            writer.writeheader()
            writer.writerows(self.predictions)
        import pyarrow
        import pyarrow.parquet

        table = pyarrow.Table.from_pylist(self.predictions)
        pyarrow.parquet.write_table(table, self.folder / "predictions.parquet")
