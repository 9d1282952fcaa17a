"""The catalogue of methods, data sets and frameworks. It reads folder names; there is no list to extend."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from affekt.core.card import Card, read_card
from affekt.core.dataset import Dataset
from affekt.core.errors import AffektError
from affekt.core.method import Method
from affekt.core.registry import Registry, canonical, declared, package_folder, registry

_PACKAGE = Path(__file__).parent.parent


Entry = TypeVar("Entry")


def list_methods() -> list[str]:
    """Names of all methods: those of this package and those of other installed packages.

    Example:
        >>> "bpm_gcn" in list_methods()
        True
    """
    return _methods().names


def list_datasets() -> list[str]:
    """Names of all data sets.

    Example:
        >>> "emotion_gait" in list_datasets()
        True
    """
    return _adapters().names


def readable(names: Sequence[str], read: Callable[[str], Entry]) -> tuple[dict[str, Entry], list[str]]:
    """What can be read under some names, and a line for each of the others: for listings.

    A plug-in that is broken costs its own line, not the listing.

    Args:
        read: Such as `card`, `method`, `method_folder` or `dataset`.

    Example:
        >>> cards, problems = readable(["bpm_gcn", "no_such_net"], card)
        >>> list(cards), len(problems)
        (['bpm_gcn'], 1)
    """
    found, problems = {}, []
    for name in names:
        try:
            found[name] = read(name)
        except AffektError as error:
            reason = "; ".join(line.strip() for line in str(error).splitlines())
            problems.append(f"{name} is left out: {reason}")
    return found, problems


def card(name: str) -> Card:
    """The facts about a method, read from its `card.toml` without importing its code.

    Raises:
        UsageError: There is no such method, two parts claim its name, or it is a plug-in that is not there.
        ConfigError: The card is missing or wrong.

    Example:
        >>> card("bpm-gcn").paper.year
        2024
    """
    return read_card(method_folder(name) / "card.toml")


@cache
def method(name: str) -> Method:
    """A method by name; its parts are not imported yet.

    Raises:
        UsageError: There is no such method, two parts claim its name, or it is a plug-in that is broken.
    """
    package = _methods().module(name)
    found: Method = declared(package, "METHOD", Method)
    return found.at(name=canonical(name), package=package, folder=method_folder(name))


def method_folder(name: str) -> Path:
    """The folder of a method, whose code is not imported.

    Raises:
        UsageError: There is no such method, two parts claim its name, or it is a plug-in that is not there.
    """
    return package_folder(_methods().module(name))


@cache
def dataset(name: str) -> Dataset:
    """A data set by name.

    Raises:
        UsageError: There is no such data set, two parts claim its name, or it is a plug-in that is broken.
    """
    found: Dataset = declared(_adapters().module(name), "DATASET", Dataset)
    return found.at(canonical(name))


def sources(name: str, options: Mapping[str, Any]) -> list[Dataset]:
    """The data sets behind a name: that one, or those that it joins.

    Args:
        options: Of the data set, as a recipe states them.

    Raises:
        UsageError: There is no data set of one of the names.

    Example:
        >>> [data.name for data in sources("joined", {"parts": {"ravdess": {}, "emodb": {}}})]
        ['ravdess', 'emodb']
    """
    found = dataset(name)
    return [found] if found.joins is None else [dataset(one) for one in found.joins(options)]


def list_frameworks() -> list[str]:
    """Names of the frameworks that compute a network in training in place of PyTorch.

    Example:
        >>> "jittor" in list_frameworks()
        True
    """
    return _frameworks().names


@cache
def framework(name: str) -> Any:
    """A framework by name (`affekt.engine.framework.Framework`).

    Raises:
        UsageError: There is no such framework, two parts claim its name, or it is a plug-in that is broken.
    """
    module, _, attribute = declared(_frameworks().module(name), "FRAMEWORK", str).partition(":")
    return getattr(importlib.import_module(module), attribute)()


@cache
def _methods() -> Registry:
    own = {
        path.parent.name: f"affekt.methods.{path.parent.name}"
        for path in (_PACKAGE / "methods").glob("*/card.toml")
    }
    return registry("method", "affekt.methods", own)


@cache
def _frameworks() -> Registry:
    folders = (_PACKAGE / "frameworks").glob("*/__init__.py")
    own = {path.parent.name: f"affekt.frameworks.{path.parent.name}" for path in folders}
    return registry("framework", "affekt.frameworks", own)


@cache
def _adapters() -> Registry:
    own = _own_datasets("data") | _own_datasets("invented")
    return registry("data set", "affekt.datasets", own)


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
