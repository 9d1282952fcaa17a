"""The record of evaluations of a run: each look at a part of the data, when, and by which command.

RUN/evaluation/record.jsonl     a line for each evaluation, in order; lines are never changed

A score of a test part that was looked at often is chosen by it: `affekt runs` and the page of a study show
the number.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.engine.runs.run import read_rows

FILE = Path("evaluation", "record.jsonl")


@dataclass(frozen=True)
class Look:
    """One evaluation.

    Attributes:
        when: UTC, ISO 8601.
        command: What evaluated; empty in records of older versions.
        options: Overrides of the data's options and of the split.
        folder: Of its results.
        unfinished: Epoch of a run whose training was not finished, else empty.
    """

    when: str
    command: str
    data: str
    part: str
    options: tuple[str, ...]
    folder: str
    unfinished: str
    scores: Mapping[str, float]


def looks_at(run: Path, part: str) -> list[Look]:
    """All evaluations of a run on a part of any data, the oldest first."""
    return [
        Look(
            row.get("when", ""),
            row.get("command", ""),
            row.get("data", ""),
            row["split"],
            tuple(row.get("options", ())),
            row.get("folder", ""),
            row.get("unfinished", ""),
            row.get("scores", {}),
        )
        for row in read_rows(run / FILE)
        if row.get("split") == part
    ]


def record_look(run: Path, command: str, document: Mapping[str, Any]) -> None:
    """Append one line, so that repeated evaluations of the test part are on record."""
    when = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    (run / FILE).parent.mkdir(exist_ok=True)
    with (run / FILE).open("a") as stream:
        stream.write(json.dumps({"when": when, "command": command, **document}) + "\n")
