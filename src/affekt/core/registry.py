"""Names and the modules that bring them: parts of affekt, and plug-ins, announced by entry points.

A name that two parts claim belongs to neither: nobody would know which of them trained a network.
Only asking for such a name is an error, so that a plug-in costs no other name.
"""

from __future__ import annotations

import importlib
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, distributions, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from affekt.core.errors import UsageError
from affekt.core.settings import suggest

log = logging.getLogger(__name__)

Found = TypeVar("Found")


def canonical(name: str) -> str:
    """`poster-v2` and `POSTER_V2` are `poster_v2`."""
    return name.strip().lower().replace("-", "_")


@dataclass(frozen=True)
class Registry:
    """What is registered of one kind.

    Attributes:
        kind: What the names name, as in "no method is called".
        modules: Module by name.
        clashes: Why a name cannot be used, by name.
    """

    kind: str
    modules: Mapping[str, str]
    clashes: Mapping[str, str]

    @property
    def names(self) -> list[str]:
        """All names in order, with those that cannot be used."""
        return sorted({*self.modules, *self.clashes})

    def module(self, name: str, *, spelling: Callable[[str], str] = canonical) -> str:
        """The module of a name.

        Raises:
            UsageError: There is no such name, or two parts claim it.
        """
        known = spelling(name)
        if known in self.clashes:
            raise UsageError(self.clashes[known])
        if known not in self.modules:
            raise UsageError(f"no {self.kind} is called {name!r}; {suggest(known, self.names)}")
        return self.modules[known]


def registry(
    kind: str, group: str, own: Mapping[str, str], *, spelling: Callable[[str], str] = canonical
) -> Registry:
    """The parts of affekt together with the plug-ins of a group of entry points."""
    announced: dict[str, list[EntryPoint]] = defaultdict(list)
    for entry in _entries(group):
        announced[spelling(entry.name)].append(entry)
    modules, clashes = dict(own), {}
    for name, entries in announced.items():
        if name not in own and len({entry.value for entry in entries}) == 1:
            modules[name] = entries[0].value
            continue
        claims = [*(["affekt itself"] if name in own else []), *map(_bringer, entries)]
        modules.pop(name, None)
        clashes[name] = (
            f"the name {name!r} is that of more than one {kind}: {' and '.join(claims)} bring it; uninstall "
            f"a plug-in, or rename its entry point in {group}"
        )
    return Registry(kind, modules, clashes)


def _entries(group: str) -> list[EntryPoint]:
    """The entry points of all installed packages; those of a package whose list is malformed are left out."""
    try:
        return list(entry_points(group=group))
    except (TypeError, ValueError):  # a line without "=", of any package
        found: list[EntryPoint] = []
        for package in distributions():
            try:
                found += package.entry_points.select(group=group)
            except (TypeError, ValueError):
                _say_malformed(package.metadata["Name"] or "a package without a name")
        return found


@cache
def _say_malformed(package: str) -> None:
    log.warning("%s: its entry_points.txt cannot be read; plug-ins that it brings are left out", package)


def declared(module: str, name: str, kind: type) -> Any:
    """The object of a type that a module declares under a name.

    Raises:
        UsageError: The module of another package cannot be imported, or does not declare it.
    """
    found = _guarded(module, lambda: getattr(importlib.import_module(module), name), f"{name} cannot be read")
    if not isinstance(found, kind):
        raise UsageError(f"plug-in {module}: {name} is a {type(found).__name__}, not a {kind.__name__}")
    return found


def package_folder(package: str) -> Path:
    """The folder of a package, which is not imported; packages around it are.

    Raises:
        UsageError: A package of others cannot be found, or one around it cannot be imported.
    """
    spec = _guarded(package, lambda: find_spec(package), "it cannot be found")
    if spec is None or spec.origin is None:
        raise UsageError(f"plug-in {package}: there is no such package")
    return Path(spec.origin).parent


def is_own(module: str) -> bool:
    """Whether a module is a part of affekt."""
    return module.startswith("affekt.")


def broken_plugin(module: str, what: str, error: BaseException) -> UsageError:
    """The error that tells an error in the code of a plug-in, whatever its type."""
    return UsageError(f"plug-in {module}: {what} ({type(error).__name__}: {error})")


def _guarded(module: str, do: Callable[[], Found], what: str) -> Found:
    """Do something that runs code of a module.

    Raises:
        UsageError: The code is that of a plug-in, and raises or ends the process.
    """
    try:
        return do()
    except (Exception, SystemExit) as error:
        if is_own(module):
            raise
        raise broken_plugin(module, what, error) from error


def _bringer(entry: EntryPoint) -> str:
    dist = entry.dist
    return f"{dist.name} {dist.version} ({entry.value})" if dist else entry.value
