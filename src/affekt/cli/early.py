"""Refusals that come before torch is imported, which takes seconds: paths, names and folders that are wrong.

What is checked here is checked again where it is used, as callers in Python do without these.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from affekt.core import catalog
from affekt.core.files.sealed import kind_of, read_sealed
from affekt.data.open import check_root, data_path


def find_network(text: Path | str, runs: Path, *, kinds: Sequence[str] = ("bundle", "checkpoint")) -> Path:
    """The path of a run, or of a sealed folder of one of some kinds.

    Raises:
        UsageError: Nothing is called so.
        FolderError: It is a run without a complete epoch, or none of these.
    """
    from affekt.engine.runs.names import find_run

    path = find_run(text, runs)
    _check_folder(path, kinds)
    return path


def check_weights(folders: Iterable[Path], *, kinds: Sequence[str] = ("weights", "checkpoint")) -> None:
    """Refuse folders that hold no weights to start from.

    Raises:
        FolderError: A path is no run with a complete epoch, and no sealed folder of one of some kinds.
    """
    for folder in folders:
        _check_folder(folder, kinds)


def check_data(name: str, data_root: Path | None) -> None:
    """Refuse a data set that is not known, or whose folder is missing.

    Raises:
        UsageError: It is.
    """
    check_root(catalog.dataset(name), data_path(data_root))


def check_data_of(network: Path, name: str | None, data_root: Path | None) -> None:
    """The same for the data set of a run, unless another one is given.

    Raises:
        UsageError: As `check_data`.
        ConfigError: The recipe of the run cannot be read.
    """
    from affekt.core.recipe import Recipe

    recipe = network / "recipe.toml"
    if name is None and recipe.is_file():
        name = Recipe.load([recipe]).data.name
    if name is not None:
        check_data(name, data_root)


def _check_folder(path: Path, kinds: Sequence[str]) -> None:
    from affekt.engine.runs.run import open_run

    if kind_of(path) in kinds:
        return
    if (path / "recipe.toml").is_file() or tuple(kinds) == ("checkpoint",):
        open_run(path)
    else:
        read_sealed(path, kind=kinds[0])  # raises, with what it is
