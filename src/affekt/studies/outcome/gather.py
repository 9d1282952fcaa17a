"""The runs of a study that are finished, with their evaluations, by row and data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.engine.runs.looks import looks_at
from affekt.engine.runs.run import Run
from affekt.studies.outcome.answers import Answers, pooled, read_answers
from affekt.studies.plans.expand import Member, Row
from affekt.studies.running.state import Finder


@dataclass(frozen=True)
class StudyRun:
    """One finished run.

    Attributes:
        validation: Score of the selected epoch, by the metric that selects.
        looks: How often it was evaluated on the part of the study.
        epochs: Rows of `metrics.jsonl`.
    """

    member: Member
    path: Path
    name: str
    validation: float | None
    looks: int
    epochs: tuple[dict[str, Any], ...]
    answers: Answers


@dataclass(frozen=True)
class RowRuns:
    """The runs of one row on one data set.

    Attributes:
        by_seed: Answers of each seed; those of all folds together. Seeds with a fold missing are left out.
        missing: Ids of members that are not finished.
    """

    row: str
    data: str
    runs: tuple[StudyRun, ...]
    by_seed: dict[int, Answers]
    missing: tuple[str, ...]


def gather(rows: Sequence[Row], members: Sequence[Member], finder: Finder) -> list[RowRuns]:
    """The shown rows, in the order of the table: by data set, then by row."""
    found: list[RowRuns] = []
    for data in dict.fromkeys(member.data for member in members):
        for row in rows:
            own = [it for it in members if (it.row, it.data) == (row.name, data)]
            if not row.shown or not row.tested or not own:
                continue
            runs = {member.id: _read(member, finder) for member in own}
            missing = tuple(name for name, run in runs.items() if run is None)
            whole: dict[int, Answers] = {}
            for seed in dict.fromkeys(member.seed for member in own):
                parts = [runs[it.id] for it in own if it.seed == seed]
                complete = [part.answers for part in parts if part is not None]
                if len(complete) == len(parts):
                    whole[seed] = pooled(complete)
            finished = tuple(run for run in runs.values() if run is not None)
            found.append(RowRuns(row.name, data, finished, whole, missing))
    return found


def _read(member: Member, finder: Finder) -> StudyRun | None:
    run = finder.run_of(member)
    folder = finder.evaluation(run) if run is not None and run.result is not None else None
    if run is None or folder is None:
        return None
    return StudyRun(
        member,
        run.path,
        _name(run),
        (run.result or {})["validation"].get(member.recipe.selection.metric),
        len(looks_at(run.path, finder.part)),
        tuple(run.metrics()),
        read_answers(folder),
    )


def _name(run: Run) -> str:
    """Method, data set and the folder's digest and seed: it does not depend on other runs."""
    recipe = run.recipe
    digits, _, seed = run.path.name.partition("--")
    return f"{recipe.method}-{recipe.data.name}-{digits}-{seed}"
