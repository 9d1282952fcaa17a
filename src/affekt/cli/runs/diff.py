"""`affekt runs diff`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from affekt.cli.show import RUNS, AsJson, RunsFolder, as_json, say
from affekt.cli.tables import as_table


def command(
    one: Annotated[Path, typer.Argument(help="A run: its folder, its name or latest.")],
    other: Annotated[Path, typer.Argument(help="Another run.")],
    runs: RunsFolder = RUNS,
    json: AsJson = False,
) -> None:
    """Show how the recipes, the data, the environments and the scores of two runs differ.

    Example: affekt runs diff RUN OTHER
    """
    from affekt.engine.runs.difference import difference
    from affekt.engine.runs.names import find_run

    found = difference(find_run(one, runs), find_run(other, runs))
    if json:
        as_json(found.to_dict())
        return
    for title, changes in (
        ("settings", found.settings),
        ("data", found.data),
        ("environment", found.environment),
        ("scores", found.scores),
    ):
        if changes:
            rows = [(it.name, _shown(it.one), _shown(it.other), _gap(it.one, it.other)) for it in changes]
            as_table((title, "one", "other", "difference"), rows)
        else:
            say(f"{title}: no difference")


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _gap(one: Any, other: Any) -> str:
    numbers = (int, float)
    if not isinstance(one, numbers) or not isinstance(other, numbers) or isinstance(one, bool):
        return ""
    return f"{other - one:+.4g}"
