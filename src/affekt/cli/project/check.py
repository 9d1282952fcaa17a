"""`affekt project check`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from affekt.cli.project.arguments import ProjectFolder
from affekt.cli.show import AsJson, as_json, progress, say
from affekt.cli.tables import as_table
from affekt.core.files.output import check_file
from affekt.core.wording import counted

_SHOWN = 3  # findings of a kind, and clusters of duplicates


def command(
    project: ProjectFolder,
    page: Annotated[Path | None, typer.Option(help="Write a page with pictures to this HTML file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if an item has an error.")] = False,
    json: AsJson = False,
) -> None:
    """Decode all media once; report broken files, faults of picture and sound, and duplicates.

    Example: affekt project check news --page check.html
    """
    from affekt.project.checking.duplicates import find_duplicates
    from affekt.project.checking.page import write_check_page
    from affekt.project.checking.report import describe_checks
    from affekt.project.checking.step import CheckStep
    from affekt.project.folder import Project
    from affekt.project.steps import run_step

    opened = Project.open(project)
    if page is not None:
        check_file(page)
    with progress("items") as show:
        ran = run_step(opened, CheckStep(), show)
    find_duplicates(opened)
    with opened.database() as connection:
        found = describe_checks(connection)
        if page is not None:
            write_check_page(page, opened, connection, found)
    if json:
        as_json({**found, "computed": ran.computed, "reused": ran.reused})
    else:
        say(f"{counted(ran.computed, 'item')} checked, {ran.reused} unchanged since they were checked")
        _say_all(found)
        if page is not None:
            say(f"wrote {page}")
    if strict and found["with_errors"]:
        raise typer.Exit(1)


def _say_all(found: Mapping[str, Any]) -> None:
    if found["findings"]:
        as_table(
            ("finding", "level", "items"),
            [(it["title"], it["level"], it["items"]) for it in found["findings"]],
        )
    for kind in found["findings"]:
        for one in kind["found"][:_SHOWN]:
            say(f"{kind['code']}: {one['item']}: {one['text']}")
        if (rest := len(kind["found"]) - _SHOWN) > 0:
            say(f"{kind['code']}: {rest} more; --json lists all")
    for cluster in found["duplicates"][:_SHOWN]:
        say(f"duplicates ({', '.join(cluster['alike'])}): {' ~ '.join(cluster['ids'])}")
    if (rest := len(found["duplicates"]) - _SHOWN) > 0:
        say(f"duplicates: {rest} more clusters; --json lists all")
    if not found["findings"] and not found["duplicates"]:
        say("no problem was found")
