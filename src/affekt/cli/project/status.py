"""`affekt project status`."""

from __future__ import annotations

from dataclasses import asdict

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import AsJson, as_json, say
from affekt.cli.tables import as_table
from affekt.core.wording import counted


def command(project: ProjectFolder, json: AsJson = False) -> None:
    """Say what is done, stale or missing. Nothing is computed.

    Example: affekt project status news
    """
    from affekt.project.chain.status import status_of
    from affekt.project.folder import Project

    found = status_of(Project.open(project))
    if json:
        as_json(asdict(found))
        return
    counts = [*found.counts.items(), ("items with a label", found.labelled)]
    as_table(("what", "number"), counts)
    as_table(
        ("step", "items done", "of them failed", "stale", "missing"),
        [(it.step, it.done, it.failed, it.stale, it.missing) for it in found.steps],
    )
    for name, parts in found.splits.items():
        later = f"; {found.unsplit[name]} labelled items are in no part" if found.unsplit[name] else ""
        say(f"split {name}: {', '.join(f'{count} {part}' for part, count in parts.items())}{later}")
    for version, items in found.releases.items():
        say(f"release {version}: {counted(items, 'item')}")
