"""Arguments and lists that the commands of a project share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from affekt.cli.show import say
from affekt.core.sample import Skipped

ProjectFolder = Annotated[Path, typer.Argument(help="Folder of the project.", metavar="PROJECT")]
_SHOWN = 5  # of each kind


def say_skipped(skipped: Sequence[Skipped]) -> None:
    """Lines about what was left out: the first of each kind, and the number of the others."""
    kinds: dict[str, list[Skipped]] = {}
    for one in skipped:
        kinds.setdefault(one.kind, []).append(one)
    for kind, ones in kinds.items():
        for one in ones[:_SHOWN]:
            say(f"left out: {one}")
        if len(ones) > _SHOWN:
            say(f"left out: {len(ones) - _SHOWN} more {kind or 'items'}; --json lists all")
