"""What is done, stale or missing in a project."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from affekt.project.chain.steps import item_steps
from affekt.project.folder import Project
from affekt.project.ratings.labels import final_labels
from affekt.project.steps import progress_of
from affekt.project.versions.split import list_splits, read_split

_COUNTS = {
    "items": "SELECT count(*) FROM item",
    "items with media": "SELECT count(DISTINCT item_id) FROM medium",
    "ratings": "SELECT count(*) FROM rating",
    "raters": "SELECT count(DISTINCT rater) FROM rating",
    "copies of other items": "SELECT count(*) FROM duplicate WHERE item_id <> cluster",
    "items with errors": "SELECT count(DISTINCT item_id) FROM finding WHERE level = 'error'",
}


@dataclass(frozen=True)
class StepStatus:
    """A step over all items that it concerns.

    Attributes:
        failed: Items that are done without a result; they are among `done`.
    """

    step: str
    done: int
    failed: int
    stale: int
    missing: int


@dataclass(frozen=True)
class Status:
    """A project at this moment.

    Attributes:
        splits: Number of items by part, for each split.
        unsplit: Labelled items that are in no part, for each split.
        releases: Number of items by version.
    """

    counts: dict[str, int]
    labelled: int
    steps: list[StepStatus]
    splits: dict[str, dict[str, int]]
    unsplit: dict[str, int]
    releases: dict[str, int]


def status_of(project: Project) -> Status:
    """Count everything; nothing is computed or changed."""
    with project.database() as connection:
        labelled = {item for item, final in final_labels(project, connection).items() if final.label}
        splits = {name: read_split(connection, name) for name in list_splits(connection)}
        steps: list[StepStatus] = []
        for step in item_steps(project):
            found = progress_of(project, connection, step)
            steps.append(StepStatus(step.name, found.done, found.failed, found.stale, found.missing))
        return Status(
            counts={name: _count(connection, query) for name, query in _COUNTS.items()},
            labelled=len(labelled),
            steps=steps,
            splits={name: split.counts() for name, split in splits.items() if split},
            unsplit={name: len(labelled - split.parts.keys()) for name, split in splits.items() if split},
            releases={
                str(row["version"]): int(row["items"])
                for row in connection.execute("SELECT version, items FROM release ORDER BY released_at")
            },
        )


def _count(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
