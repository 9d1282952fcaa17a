"""`affekt store verify`."""

from __future__ import annotations

import typer

from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, progress, say
from affekt.cli.store.opened import named_runs, names_of, open_store
from affekt.core.wording import counted


def command(runs: RunsFolder = RUNS, json: AsJson = False) -> None:
    """Read every object of the store, and list damaged or missing ones with the runs that need them.

    Exit code 1 if there are any.

    Example: affekt store verify
    """
    from affekt.engine.store.check import check_store

    store = open_store(runs)
    count = len(store.sizes())
    with progress("objects") as show:
        problems = check_store(store, on_object=show)
    named = named_runs(store)
    if json:
        as_json([problem.to_dict() | {"runs": names_of(problem.links, named)} for problem in problems])
    for problem in [] if json else problems:
        needed = ", ".join(names_of(problem.links, named))
        say(f"{problem.object}: {problem.reason}; {f'needed by {needed}' if needed else 'no run needs it'}")
    if problems:
        if not json:
            say(
                "next: restore these files from a copy, or train again: a checkpoint with the same weights "
                "writes its objects again. affekt store gc removes those that no run needs"
            )
        raise typer.Exit(1)
    if not json:
        say(f"{counted(count, 'object')} {'is' if count == 1 else 'are'} intact")
