"""The store of a folder of runs, and names of runs in it."""

from __future__ import annotations

from pathlib import Path

from affekt.core.errors import UsageError
from affekt.engine.runs.names import NamedRun, name_runs
from affekt.engine.store.objects import Store


def open_store(runs: Path) -> Store:
    """The store of all runs.

    Raises:
        UsageError: There are no runs, or these are some runs of a store that lies above them.
    """
    if not runs.is_dir():
        raise UsageError(f"{runs} does not exist: affekt train makes it; --runs DIR names another folder")
    found = Store(runs)
    if not found.path.is_dir():
        above = next((it for it in runs.resolve().parents if Store(it).objects.is_dir()), None)
        if above is not None:
            raise UsageError(f"{runs} has no store of its own: its runs use that of {above} (--runs)")
    return found


def names_of(links: tuple[Path, ...], runs: list[NamedRun]) -> list[str]:
    """The runs that files lie in, by their short names; the folder of a file that lies in none."""
    found: dict[str, None] = {}
    for link in links:
        run = next((run for run in runs if link.is_relative_to(run.path)), None)
        found[(run.name or str(run.path)) if run else str(link.parent)] = None
    return list(found)


def named_runs(store: Store) -> list[NamedRun]:
    """All runs of a store, by name."""
    return sorted(name_runs(store.runs), key=lambda run: run.name)


def megabytes(count: int) -> float:
    """Bytes as MB of a million bytes."""
    return count / 1e6
