"""The catalogue of methods, data sets and frameworks. It reads folder names; there is no list to extend."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from affekt.core.card import Card, read_card
from affekt.core.dataset import Dataset
from affekt.core.errors import UsageError
from affekt.core.method import Method
from affekt.core.settings import suggest

_PACKAGE = Path(__file__).parent.parent


def canonical(name: str) -> str:
    """`poster-v2` and `POSTER_V2` are `poster_v2`."""
    return name.strip().lower().replace("-", "_")


def list_methods() -> list[str]:
    """Names of all methods: those of this package and those of other installed packages.

    Example:
        >>> "bpm_gcn" in list_methods()
        True
    """
    return sorted(_methods())


def list_datasets() -> list[str]:
    """Names of all data sets.

    Example:
        >>> "emotion_gait" in list_datasets()
        True
    """
    return sorted(_adapters())


def card(name: str) -> Card:
    """The facts about a method, read from its `card.toml` without importing its code.

    Raises:
        UsageError: There is no such method.

    Example:
        >>> card("bpm-gcn").paper.year
        2024
    """
    return read_card(_method_folder(name) / "card.toml")


@cache
def method(name: str) -> Method:
    """A method by name; its parts are not imported yet.

    Raises:
        UsageError: There is no such method.
    """
    folder = _method_folder(name)
    package = _methods()[canonical(name)]
    declared: Method = _declared(package, "METHOD")
    return declared.at(name=canonical(name), package=package, folder=folder)


@cache
def dataset(name: str) -> Dataset:
    """A data set by name.

    Raises:
        UsageError: There is no such data set.
    """
    modules = _adapters()
    if canonical(name) not in modules:
        raise UsageError(f"no data set is called {name!r}; {suggest(canonical(name), sorted(modules))}")
    declared: Dataset = _declared(modules[canonical(name)], "DATASET")
    return declared.at(canonical(name))


def list_frameworks() -> list[str]:
    """Names of the frameworks that compute a network in training in place of PyTorch.

    Example:
        >>> "jittor" in list_frameworks()
        True
    """
    return sorted(_frameworks())


@cache
def framework(name: str) -> Any:
    """A framework by name (`affekt.engine.framework.Framework`).

    Raises:
        UsageError: There is no such framework.
    """
    packages = _frameworks()
    if canonical(name) not in packages:
        raise UsageError(f"no framework is called {name!r}; {suggest(canonical(name), sorted(packages))}")
    module, _, attribute = _declared(packages[canonical(name)], "FRAMEWORK").partition(":")
    return getattr(importlib.import_module(module), attribute)()


def _declared(module: str, name: str) -> Any:
    """What a module declares.

    Raises:
        UsageError: The module of another package cannot be imported, or does not declare it.
    """
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:
        if module.startswith("affekt."):
            raise
        raise UsageError(
            f"plug-in {module}: {name} cannot be read ({type(error).__name__}: {error})"
        ) from error


@cache
def _methods() -> dict[str, str]:
    """Method name to package."""
    own = {
        path.parent.name: f"affekt.methods.{path.parent.name}"
        for path in (_PACKAGE / "methods").glob("*/card.toml")
    }
    return {**own, **_plugins("affekt.methods")}


@cache
def _frameworks() -> dict[str, str]:
    """Name of a framework to package."""
    folders = (_PACKAGE / "frameworks").glob("*/__init__.py")
    own = {path.parent.name: f"affekt.frameworks.{path.parent.name}" for path in folders}
    return {**own, **_plugins("affekt.frameworks")}


@cache
def _adapters() -> dict[str, str]:
    """Data set name to module."""
    return {**_own_datasets("data"), **_own_datasets("invented"), **_plugins("affekt.datasets")}


def _own_datasets(package: str) -> dict[str, str]:
    """Modules and packages that define a `DATASET`: their text is read, their code is not imported.

    A folder without a `DATASET` of its own may hold modules that define one each.
    """
    folder = _PACKAGE / package
    found = {path.stem: f"affekt.{package}.{path.stem}" for path in folder.glob("[!_]*.py") if _states(path)}
    for init in folder.glob("*/__init__.py"):
        inner = init.parent.name
        if _states(init):
            found[inner] = f"affekt.{package}.{inner}"
        else:
            modules = [path.stem for path in init.parent.glob("[!_]*.py") if _states(path)]
            found |= {name: f"affekt.{package}.{inner}.{name}" for name in modules}
    return found


def _states(path: Path) -> bool:
    return "DATASET" in path.read_text(encoding="utf-8")


def _plugins(group: str) -> dict[str, str]:
    entries: tuple[EntryPoint, ...] = tuple(entry_points(group=group))
    return {canonical(entry.name): entry.value for entry in entries}


def _method_folder(name: str) -> Path:
    methods = _methods()
    if canonical(name) not in methods:
        raise UsageError(f"no method is called {name!r}; {suggest(canonical(name), sorted(methods))}")
    package = methods[canonical(name)]
    if package.startswith("affekt.methods."):
        return _PACKAGE / "methods" / canonical(name)
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise UsageError(f"method {name!r} is registered as package {package}, which cannot be found")
    return Path(spec.origin).parent
