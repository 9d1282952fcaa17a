"""The answers of evaluations, matched item by item."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from affekt.core.answers.tally import Tally
from affekt.core.errors import AffektError, FolderError
from affekt.core.files.cells import plain_cell
from affekt.core.labels import LabelSet
from affekt.core.task import find_task
from affekt.core.wording import are, counted, have
from affekt.metrics.intervals import Units, units_of

TRUTH = "true"  # columns of predictions that state the truth begin so


@dataclass(frozen=True)
class Answers:
    """The answers of one network to the items of one part.

    Attributes:
        rows: Of the predictions file, by the items' ids.
        scores: Of the evaluation.
        fingerprint: Of the data.
    """

    task: str
    labels: tuple[str, ...]
    rows: Mapping[str, Mapping[str, Any]]
    scores: Mapping[str, float]
    data: str = ""
    part: str = ""
    fingerprint: str = ""
    warnings: tuple[str, ...] = ()

    def truth(self, item: str) -> tuple[Any, ...]:
        """What the data state of an item."""
        return tuple(
            round(float(value), 9) if _is_number(value) else value
            for column, value in self.rows[item].items()
            if column == TRUTH or column.startswith(f"{TRUTH}_")
        )

    def tally(self, items: Sequence[str], labels: Sequence[str]) -> Tally | None:
        """What adds up over some items, in this order; None for tasks whose scores do not.

        Args:
            labels: Those of the network, in the order of the tally.
        """
        # The name of a task of several heads begins with that of the first one, which is compared.
        task = find_task(self.task.partition("+")[0])
        return task.tally([self.rows[name] for name in items], LabelSet.of(*labels))

    def subjects(self, items: Sequence[str]) -> list[str]:
        """Subject of each item; empty where the data state none."""
        return [str(self.rows[name].get("subject") or "") for name in items]


def read_answers(folder: Path) -> Answers:
    """The answers in the folder of an evaluation.

    Raises:
        FolderError: Its files cannot be read.
    """
    try:
        document = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
        with (folder / "predictions.csv").open(newline="", encoding="utf-8") as stream:
            rows = [
                {name: plain_cell(cell) for name, cell in row.items()}
                for row in csv.DictReader(stream, strict=True)
            ]
        return answers_of(document, rows)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        raise FolderError(f"{folder}: scores.json and predictions.csv cannot be read ({error})") from None


def answers_of(document: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Answers:
    """Answers from the document of an `Evaluation` and its predictions."""
    on = document["evaluated_on"]
    return Answers(
        document["task"],
        tuple(document["labels"]),
        {str(row["id"]): row for row in rows},
        document["scores"],
        on["data"],
        on["split"],
        on["fingerprint"],
        tuple(on["warnings"]),
    )


def pooled(parts: Sequence[Answers]) -> Answers:
    """The answers of the folds of one seed as one: each item is answered by the network that did not see it.

    Scores that do not follow from the items are means over folds.

    Raises:
        AffektError: Folds share items, or differ in their labels.
    """
    if len(parts) == 1:
        return parts[0]
    rows: dict[str, Mapping[str, Any]] = {}
    for one in parts:
        if (one.labels, one.task) != (parts[0].labels, parts[0].task):
            raise AffektError("the folds of a run have different labels: they cannot be scored together")
        if shared := rows.keys() & one.rows.keys():
            raise AffektError(
                f"{counted(len(shared), 'item')} {are(len(shared))} in two folds, such as {sorted(shared)[0]}"
            )
        rows |= one.rows
    names = [name for name in parts[0].scores if all(name in one.scores for one in parts)]
    scores = {name: float(np.mean([one.scores[name] for one in parts])) for name in names}
    first = parts[0]
    warnings = tuple(dict.fromkeys(text for one in parts for text in one.warnings))
    return Answers(
        first.task, first.labels, rows, scores, first.data, first.part, first.fingerprint, warnings
    )


@dataclass(frozen=True)
class Common:
    """Items that several evaluations have in common.

    Attributes:
        items: In sorted order.
        left_out: Items that some of them lack.
    """

    items: tuple[str, ...]
    left_out: int
    units: Units


def common_items(answers: Sequence[Answers]) -> Common:
    """The items that all have, with their independent units.

    Raises:
        AffektError: They have no item in common, or differ in labels, task, or what is true of an item.
    """
    first = answers[0]
    for one in answers[1:]:
        if one.task != first.task or set(one.labels) != set(first.labels):
            raise AffektError(
                f"the networks answer differently: {first.task} of {', '.join(first.labels)}; "
                f"{one.task} of {', '.join(one.labels)}"
            )
    shared = set.intersection(*(set(one.rows) for one in answers))
    everything = set.union(*(set(one.rows) for one in answers))
    if not shared:
        raise AffektError("the evaluations have no item in common")
    items = tuple(sorted(shared))
    for one in answers[1:]:
        other = [name for name in items if one.truth(name) != first.truth(name)]
        if other:
            raise AffektError(
                f"{counted(len(other), 'item')} {have(len(other))} another truth in one of the "
                f"evaluations, such as {other[0]}: "
                f"{first.truth(other[0])} and {one.truth(other[0])}"
            )
    return Common(items, len(everything) - len(items), units_of(len(items), first.subjects(items)))


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True
