"""Whether every object of a store is what its name states, and which runs need those that are not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from affekt.engine.store.links import links_below
from affekt.engine.store.objects import Store


@dataclass(frozen=True)
class Problem:
    """An object that cannot be used.

    Attributes:
        reason: As in `damaged`.
        links: Files of checkpoints that need it.
    """

    object: Path
    reason: str
    links: tuple[Path, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self) | {"object": str(self.object), "links": [str(link) for link in self.links]}


def check_store(
    store: Store, *, on_object: Callable[[int, int | None], None] = lambda done, total: None
) -> list[Problem]:
    """Read every object of a store, and follow every link to one.

    Links in checkpoints that were not finished do not count: nothing reads these.

    Args:
        on_object: Called with the number of objects that are done, and of all.

    Raises:
        FolderError: A folder of the runs cannot be read.
    """
    links: dict[str, list[Path]] = {}
    lost: dict[Path, list[Path]] = {}
    for link in links_below(store.runs, without=store.path):
        if link.is_partial:
            continue
        links.setdefault(link.object, []).append(link.path)
        if not link.path.exists():
            target = (link.path.parent.resolve() / link.path.readlink()).resolve()
            lost.setdefault(target, []).append(link.path)
    sizes = store.sizes()
    problems: list[Problem] = []
    for number, name in enumerate(sizes, start=1):
        place = store.place(name)
        reason = _problem(place, name)
        if reason:
            problems.append(Problem(place, reason, tuple(sorted(links.get(name, ())))))
        on_object(number, len(sizes))
    problems += [
        Problem(place, "missing", tuple(sorted(those)))
        for place, those in sorted(lost.items())
        if not any(found.object.name == place.name and found.reason for found in problems)
    ]
    return problems


def _problem(place: Path, name: str) -> str:
    try:
        with place.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:  # removed by a training in the meantime, so nothing needed it
        return ""
    except OSError as error:
        return f"unreadable ({error.strerror or error})"
    return "" if digest == name else "damaged: its SHA-256 is not its name"
