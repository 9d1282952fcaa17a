"""The networks of a comparison, as they are named: checked before anything is loaded."""

from __future__ import annotations

from collections.abc import Sequence

from affekt.core.errors import UsageError
from affekt.core.settings import suggest
from affekt.studies.plans.plan import ALL

SEPARATOR = ","  # of runs that are one row: other seeds of one recipe


def check_rows(rows: Sequence[str], against: str) -> None:
    """Refuse rows that cannot be compared, as far as their names show it.

    Raises:
        UsageError: There are fewer than two, one is given twice, or `against` is none of them.
    """
    if len(rows) < 2:
        raise UsageError("a comparison needs two runs or bundles")
    if repeated := sorted({row for row in rows if list(rows).count(row) > 1}):
        raise UsageError(f"{repeated[0]} is given twice")
    if against not in ("", ALL, *rows):
        raise UsageError(f"--against {against}: it is not compared; {suggest(against, list(rows))}")
