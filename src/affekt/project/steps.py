"""Steps: what is computed for each item, once, and again when what it was made from has changed.

A step states for each item the hash of all that its result depends on. An item whose stored hash is the same
is done; another one is stale. A result and its hash are written in one transaction: a kill leaves both or
neither, and two processes at once write each result once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from affekt.core.errors import MediaError
from affekt.core.sample import Skipped
from affekt.project.database.connect import transaction
from affekt.project.database.times import now
from affekt.project.folder import Project


@runtime_checkable
class Step(Protocol):
    """A computation for each item.

    Attributes:
        name: In the table `done`, and on the command line.
    """

    name: str

    def expected(self, project: Project, connection: sqlite3.Connection) -> Mapping[str, str]:
        """For each item that the step concerns, the hash of all that its result depends on."""
        ...

    def compute(self, project: Project, connection: sqlite3.Connection, item: str) -> Any:
        """The result for one item; nothing is written.

        Raises:
            MediaError: There is none; the reason is kept, and the item is not tried again until it changes.
            AffektError: The step cannot go on, such as on a full disk.
        """
        ...

    def write(self, connection: sqlite3.Connection, item: str, result: Any) -> None:
        """Replace the stored result of an item; `result` is None where there is none."""
        ...


@dataclass(frozen=True)
class Progress:
    """How far a step is: numbers of items.

    Attributes:
        failed: Those that are done without a result.
        stale: Those whose result was made from something that has changed.
    """

    done: int
    failed: int
    stale: int
    missing: int


@dataclass
class Ran:
    """What a run of a step did."""

    computed: int = 0
    reused: int = 0
    failed: list[Skipped] = field(default_factory=list)


def run_step(
    project: Project,
    step: Step,
    on_item: Callable[[int, int], None] = lambda done, total: None,
    *,
    again: bool = False,
) -> Ran:
    """Compute what is missing or stale.

    Args:
        again: Also try items once more that had no result.
    """
    ran = Ran()
    with project.database() as connection:
        expected = step.expected(project, connection)
        _forget(connection, step, expected)
        stored = _stored(connection, step)
        waiting = [
            item
            for item, made_from in expected.items()
            if (row := stored.get(item)) is None
            or row["made_from"] != made_from
            or (again and row["reason"] is not None)
        ]
        ran.reused = len(expected) - len(waiting)
        on_item(ran.reused, len(expected))
        for done, item in enumerate(waiting, ran.reused + 1):
            result, reason = None, None
            try:
                result = step.compute(project, connection, item)
            except MediaError as error:  # other errors are not of the item: what is done stays, the run ends
                reason = str(error)
                ran.failed.append(Skipped(item, reason))
            with transaction(connection):
                step.write(connection, item, result)
                connection.execute(
                    "INSERT INTO done (step, item_id, made_from, reason, done_at) VALUES (?, ?, ?, ?, ?) "
                    "ON CONFLICT DO UPDATE SET made_from = excluded.made_from, reason = excluded.reason, "
                    "done_at = excluded.done_at",
                    (step.name, item, expected[item], reason, now()),
                )
            ran.computed += reason is None
            on_item(done, len(expected))
    return ran


def progress_of(project: Project, connection: sqlite3.Connection, step: Step) -> Progress:
    """How far a step is."""
    expected, stored = step.expected(project, connection), _stored(connection, step)
    current = [
        stored[item] for item in expected if item in stored and stored[item]["made_from"] == expected[item]
    ]
    missing = sum(item not in stored for item in expected)
    return Progress(
        done=len(current),
        failed=sum(row["reason"] is not None for row in current),
        stale=len(expected) - len(current) - missing,
        missing=missing,
    )


def _stored(connection: sqlite3.Connection, step: Step) -> dict[str, sqlite3.Row]:
    rows = connection.execute("SELECT item_id, made_from, reason FROM done WHERE step = ?", (step.name,))
    return {str(row["item_id"]): row for row in rows}


def _forget(connection: sqlite3.Connection, step: Step, expected: Mapping[str, str]) -> None:
    """Remove results of items that the step no longer concerns, such as those that lost their video."""
    gone = [item for item in _stored(connection, step) if item not in expected]
    for item in gone:
        with transaction(connection):
            step.write(connection, item, None)
            connection.execute("DELETE FROM done WHERE step = ? AND item_id = ?", (step.name, item))
