"""The networks of a comparison, as they are named: checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from affekt.core.errors import UsageError
from affekt.core.settings import suggest
from affekt.engine.runs.names import find_runs
from affekt.studies.plans.plan import ALL

SEPARATOR = ","  # of runs that are one row: other seeds of one recipe


def networks_of(row: str, runs: Path | str) -> list[Path]:
    """The runs and bundles of a row, each once.

    Raises:
        UsageError: A name is not known, or fits runs of several recipes.
    """
    return list(dict.fromkeys(path for text in row.split(SEPARATOR) for path in find_runs(text, runs)))


def check_apart(rows: Mapping[str, Sequence[Path]]) -> None:
    """Refuse rows that share a network.

    Raises:
        UsageError: They do.
    """
    first: dict[Path, str] = {}
    for row, paths in rows.items():
        for path in paths:
            other = first.setdefault(path.resolve(), row)
            if other != row:
                raise UsageError(f"{path} is in two rows, {other} and {row}")


def check_rows(rows: Sequence[str], against: str, *, least: int = 2) -> None:
    """Refuse rows that cannot be compared, as far as their names show it.

    Raises:
        UsageError: There are fewer than `least`, one is given twice, or `against` is none of them.
    """
    if len(rows) < least:
        raise UsageError(
            "a comparison needs two runs or bundles, or names of recipes that stand for all of their runs; "
            "affekt evaluate scores one"
        )
    if repeated := sorted({row for row in rows if list(rows).count(row) > 1}):
        raise UsageError(f"{repeated[0]} is given twice")
    if against not in ("", ALL, *rows):
        raise UsageError(f"--against {against}: it is not compared; {suggest(against, list(rows))}")
