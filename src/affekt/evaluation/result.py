"""The result of an evaluation, and the files that it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from affekt.core.files.tables import write_csv, write_parquet
from affekt.core.files.whole import write_text
from affekt.core.task import Scored
from affekt.evaluation.evaluated_on import EvaluatedOn
from affekt.evaluation.groups import Grouping


@dataclass(frozen=True, kw_only=True)
class Evaluation(Scored):
    """The result of an evaluation; its folder holds it as `scores.json`, `predictions.csv` and figures.

    Attributes:
        backend: Engine and precision that computed the network.
        task: Name of the task.
        decision: What of the network answered, such as `prototype`; empty if it has one answer.
        groups: Scores by facts of the samples, if they were asked for.
        evaluated_on: The data, and how many of the samples the network was trained on.
    """

    folder: Path
    backend: str
    task: str
    evaluated_on: EvaluatedOn
    decision: str = ""
    groups: tuple[Grouping, ...] = ()

    @classmethod
    def of(cls, scored: Scored, **further: Any) -> Evaluation:
        """The scores of a task, with folder, backend and data."""
        return cls(**{one.name: getattr(scored, one.name) for one in fields(scored)}, **further)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "scores": self.scores,
            "label_hint": self.label_hint,
            "label_map": dict(self.label_map),
            "intervals": self.intervals,
            "interval_over": self.interval_over,
            "interval_note": self.interval_note,
            "notes": list(self.notes),
            "per_class": self.per_class,
            "confusion": self.confusion.tolist(),
            "labels": list(self.labels),
            "task": self.task,
            "samples": self.samples,
            "skipped": [{"id": item.id, "reason": item.reason} for item in self.skipped],
            "folder": str(self.folder),
            "backend": self.backend,
            **({"decision": self.decision} if self.decision else {}),
            "localization": self.localization,
            **({"groups": [one.to_dict() for one in self.groups]} if self.groups else {}),
            "evaluated_on": self.evaluated_on.to_dict(),
        }

    def write(self, folder: Path) -> None:
        """Scores and predictions into a folder, beside the figures.

        Raises:
            AffektError: The disk is full, or the folder cannot be written.
        """
        write_text(folder / "scores.json", json.dumps(self.to_dict(), indent=1) + "\n")
        write_csv(folder / "predictions.csv", self.predictions)
        write_parquet(folder / "predictions.parquet", self.predictions)


def renamed_labels(label_map: Mapping[str, str | None]) -> str:
    """The labels of the data that have another name in the network, or none; empty if there are none.

    Example:
        >>> renamed_labels({"sadness": "sad", "fear": None, "anger": "anger"})
        'labels of the data, mapped by name: sadness as sad, fear is not known to the network'
    """
    renamed = [
        f"{name} as {known}" if known else f"{name} is not known to the network"
        for name, known in label_map.items()
        if name != known
    ]
    return f"labels of the data, mapped by name: {', '.join(renamed)}" if renamed else ""
