"""How two runs differ: settings, data, environment, and scores. Reads no weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from affekt.core import catalog
from affekt.core.errors import AffektError, FolderError
from affekt.core.files.json_file import read_json_object
from affekt.core.recipe import Recipe
from affekt.core.settings import dotted
from affekt.engine.runs.looks import looks_at
from affekt.engine.runs.run import Run


@dataclass(frozen=True)
class Change:
    """A value that differs; None where a run lacks it."""

    name: str
    one: Any
    other: Any


@dataclass(frozen=True)
class RunDifference:
    """What differs between two runs.

    Attributes:
        settings: Of the recipes, with all defaults of the methods.
        data: Counts and hashes of the samples.
        environment: Machine and versions.
        scores: All that either run has, also equal ones: of the selected epoch on validation samples, and of
            the last evaluation on the test part.
    """

    settings: tuple[Change, ...]
    data: tuple[Change, ...]
    environment: tuple[Change, ...]
    scores: tuple[Change, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def difference(one: Path, other: Path) -> RunDifference:
    """The difference of two run folders, finished or not.

    Raises:
        FolderError: A folder is not that of a run.
    """
    runs = [_open(path) for path in (one, other)]
    return RunDifference(
        *(_changes(*(read(run) for run in runs)) for read in (_settings, _data, _environment)),
        scores=_changes(*(_scores(run) for run in runs), equal=True),
    )


def _open(path: Path) -> Run:
    if not (path / "recipe.toml").is_file():
        raise FolderError(f"{path} is not a run folder: it has no recipe.toml")
    return Run(path)


def _changes(one: Mapping[str, Any], other: Mapping[str, Any], *, equal: bool = False) -> tuple[Change, ...]:
    names = dict.fromkeys([*one, *other])
    return tuple(
        Change(name, one.get(name), other.get(name))
        for name in names
        if equal or one.get(name) != other.get(name)
    )


def _settings(run: Run) -> dict[str, Any]:
    recipe = run.recipe
    values = recipe.model_dump(mode="json")
    for key, complete in (("config", _config(recipe)), ("data", _options(recipe))):
        values[key] = complete
    return dotted(values)


def _config(recipe: Recipe) -> dict[str, Any]:
    try:
        return catalog.method(recipe.method).make_config(recipe.config).model_dump(mode="json")
    except AffektError:  # the package that brings the method is not installed
        return recipe.config


def _options(recipe: Recipe) -> dict[str, Any]:
    try:
        options = catalog.dataset(recipe.data.name).options.model_validate(recipe.data.options)
        return {"name": recipe.data.name, "options": options.model_dump(mode="json")}
    except (AffektError, ValueError):  # an adapter of another version, or of a package that is not installed
        return recipe.data.model_dump(mode="json")


def _data(run: Run) -> dict[str, Any]:
    identity = run.identity
    return dotted(identity.document()) if identity else {}


def _environment(run: Run) -> dict[str, Any]:
    file = run.path / "environment.json"
    return dotted(read_json_object(file)) if file.is_file() else {}


def _scores(run: Run) -> dict[str, Any]:
    result = run.result or {}
    found = {f"validation {name}": value for name, value in result.get("validation", {}).items()}
    looks = [look for look in looks_at(run.path, "test") if not look.options]
    found |= {f"test {name}": value for name, value in (looks[-1].scores if looks else {}).items()}
    return {
        "epochs": run.epochs_done,
        "best epoch": result.get("best_epoch"),
        **found,
        "looks at test": len(looks),
    }
