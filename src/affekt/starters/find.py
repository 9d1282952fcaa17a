"""Starters by name: each folder with a manifest beside this file is one."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from affekt.core.files.json_file import read_json_object
from affekt.core.files.sealed import MANIFEST

FOLDER = Path(__file__).parent


class Starter(NamedTuple):
    """A bundle that comes with the package.

    Attributes:
        document: Its manifest, not checked: `affekt.deploy.runtime.bundle` does when it opens the bundle.
    """

    name: str
    path: Path
    document: dict[str, Any]

    @property
    def bytes(self) -> int:
        """Size of all its files."""
        return sum(file.stat().st_size for file in self.path.rglob("*") if file.is_file())


@cache
def list_starters() -> tuple[Starter, ...]:
    """All starters, by name.

    Example:
        >>> [starter.name for starter in list_starters()]
        ['compact_face', 'compact_text', 'compact_voice']
    """
    found = sorted(path.parent for path in FOLDER.glob(f"*/{MANIFEST}"))
    return tuple(Starter(path.name, path, read_json_object(path / MANIFEST)) for path in found)


def find_starter(name: str) -> Starter | None:
    """The starter of this name, written with hyphens or underscores; None if there is none."""
    plain = name.strip().lower().replace("-", "_")
    return next((starter for starter in list_starters() if starter.name == plain), None)
