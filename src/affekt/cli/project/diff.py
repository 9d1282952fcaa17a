"""`affekt project diff`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import AsJson, as_json
from affekt.cli.tables import as_table

_SHOWN = 5


def command(
    project: ProjectFolder,
    before: Annotated[str, typer.Argument(help="A version.")],
    after: Annotated[str, typer.Argument(help="Another version.")],
    json: AsJson = False,
) -> None:
    """Say which items, labels, parts and files differ between two versions, and how baseline scores moved.

    Example: affekt project diff news 1.0 1.1
    """
    from affekt.project.folder import Project
    from affekt.project.versions.diff import compare_releases
    from affekt.project.versions.release import RELEASES

    folder: Path = Project.open(project).path / RELEASES
    found = compare_releases(folder / before, folder / after)
    if json:
        as_json({**asdict(found), "flows": dict(found.flows)})
        return
    flows = [f"{name} ({count})" for name, count in found.flows.items()]
    moves = [f"{it.id}: {it.before} -> {it.after}" for it in found.parts]
    rows = [
        ("items added", len(found.added), _some(found.added)),
        ("items removed", len(found.removed), _some(found.removed)),
        ("labels changed", len(found.labels), _some(flows)),
        ("parts changed", len(found.parts), _some(moves)),
        ("groups changed", len(found.groups), _some([it.id for it in found.groups])),
        ("media changed", len(found.media), _some(found.media)),
        ("features changed", len(found.features), _some(found.features)),
        ("settings changed", len(found.settings), _some([it.id for it in found.settings])),
    ]
    as_table(("what", "items", "such as"), rows, title=f"{found.before} -> {found.after}")
    if found.scores is not None:
        as_table(
            ("baseline, accuracy", "before", "after", "change"),
            [(name, old, new, new - old) for name, (old, new) in found.scores.items()],
        )


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
