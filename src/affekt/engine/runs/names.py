"""Short names of runs, and how a run is found by its name.

The name is `<method>-<data set>-<digits>-<seed>`, as in `bpm_gcn-walkers-4a4b-0`. The digits are the first
four of the hash in the folder's name, or more if four do not distinguish the runs. The name of a run whose
folder was renamed is the name of the folder.

Without the seed it is the name of all runs of one recipe: its seeds, and the folds of its cross-validation,
whose digits are those of fold 0.
"""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError, ConfigError, UsageError
from affekt.core.files.toml import read_toml
from affekt.core.recipe import Recipe
from affekt.engine.runs.folder import HASH_DIGITS
from affekt.engine.runs.run import Run
from affekt.starters import find_starter

LATEST = "latest"
_FOLDER = re.compile(r"([0-9a-f]{8})--(\d+)")
_DATED = ("recipe.toml", "metrics.jsonl", "result.json")  # files that training writes
_LEAST_DIGITS = 4
_SHOWN = 5


@dataclass(frozen=True)
class NamedRun:
    """A run folder and its name.

    Attributes:
        name: The short name; empty if the recipe of the run cannot be read.
        full_name: The name with all digits of the hash.
        group: Name of all runs of its recipe; the run's own name if its folder was renamed.
        changed_s: When training last wrote to the folder, in seconds since 1970.
    """

    path: Path
    name: str
    full_name: str
    changed_s: float
    group: str = ""


def find_run(text: Path | str, runs: Path | str = "runs") -> Path:
    """The path of a run or bundle that is given by its path, its name or `latest`.

    Args:
        text: A path, which is returned as it is if it exists; the name of a starter, as `affekt models` lists
            them; `latest`, the newest run with a complete epoch; or a name from `affekt runs`. The
            beginning of a name, or of the hash of its folder, is enough if it fits one run only.
        runs: Folder of all runs.

    Raises:
        UsageError: Nothing exists under this path or name, or the name fits several runs.
    """
    if Path(text).exists():
        return Path(text)
    if starter := find_starter(str(text)):
        return starter.path
    named = [run for run in name_runs(Path(runs)) if run.name]
    if str(text) == LATEST and named:
        return next((run.path for run in named if Run(run.path).best.exists()), named[0].path)
    wanted = _plain(str(text))
    found = [run for run in named if wanted in _spellings(run)]
    if not found:
        found = [run for run in named if any(one.startswith(wanted) for one in _spellings(run))]
    if len(found) == 1:
        return found[0].path
    if found:
        names = ", ".join(run.name if _is_only(run, found) else str(run.path) for run in found[:_SHOWN])
        every = "" if len({run.group for run in found}) > 1 else ", or all of them to evaluate or compare"
        raise UsageError(
            f"{text} fits {len(found)} runs in {runs}, such as {names}: give one of these{every}"
        )
    raise UsageError(f"{text} does not exist, and no run in {runs} has this name{_near(wanted, named)}")


def find_runs(text: Path | str, runs: Path | str = "runs") -> list[Path]:
    """The paths of the runs that a path or a name stands for.

    A path, the whole name of a run and `latest` stand for one run. A name without its seed stands for all
    runs of that recipe: its seeds, and the folds of its cross-validation, by fold and seed. The beginning of
    a name is enough if it fits the runs of one recipe only.

    Raises:
        UsageError: As `find_run`; the name fits runs of several recipes.
    """
    if Path(text).exists() or str(text) == LATEST or find_starter(str(text)):
        return [find_run(text, runs)]
    named = [run for run in name_runs(Path(runs)) if run.name]
    wanted = _plain(str(text))
    if any(wanted in _spellings(run) for run in named):
        return [find_run(text, runs)]
    found = [run for run in named if any(one.startswith(wanted) for one in _spellings(run))]
    groups = {run.group for run in found}
    if len(groups) != 1:
        return [find_run(text, runs)]  # which raises
    return [run.path for run in sorted(named, key=_seed_of) if run.group in groups]


def name_runs(runs: Path) -> list[NamedRun]:
    """All run folders below a folder with their names, the newest first."""
    read = [(path, *_read_name(path)) for path in run_folders(runs)]
    counts = Counter(
        name for _, method_data, digits, seed, _ in read for name in _names_of(method_data, digits, seed)
    )
    groups = Counter(
        name
        for method_data, digits in {(one[1], one[4]) for one in read if one[4]}
        for name in _groups_of(method_data, digits)
    )
    found: list[NamedRun] = []
    for path, method_data, digits, seed, common in read:
        names = _names_of(method_data, digits, seed) or [""]
        short = next((name for name in names if counts[name] == 1), names[-1])
        wide = _groups_of(method_data, common) if common else [names[-1]]
        group = next((name for name in wide if groups[name] == 1), wide[-1])
        found.append(NamedRun(path, short, names[-1], _changed_s(path), group))
    return sorted(found, key=lambda run: -run.changed_s)


def group_of(run: Path, runs: Path) -> str:
    """Name of all runs of the recipe of a run; its path if it is not below `runs`."""
    return next((one.group for one in name_runs(runs) if one.path == run and one.group), str(run))


def run_folders(runs: Path) -> list[Path]:
    """Folders of runs at any depth below a folder; the inside of a run is not searched."""
    found: list[Path] = []
    for folder, names, files in os.walk(runs):
        path = Path(folder)
        if path != runs and (
            _FOLDER.fullmatch(path.name) or {"recipe.toml", "environment.json"} <= set(files)
        ):
            found.append(path)
            names.clear()
        else:
            names[:] = sorted(name for name in names if not name.startswith("."))
    return found


def _read_name(path: Path) -> tuple[str, str, str, str]:
    """Method with data set, digits and seed of a run, and digits of its group.

    Of a renamed folder its name alone.
    """
    try:
        recipe = read_toml(path / "recipe.toml")
        method_data = f"{recipe['method']}-{recipe['data']['name']}"
    except (ConfigError, KeyError, TypeError):
        return "", "", "", ""
    folder = _FOLDER.fullmatch(path.name)
    if not folder:
        return path.name, "", "", ""
    return method_data, folder[1], folder[2], _first_fold(path, recipe) or folder[1]


def _first_fold(path: Path, values: Mapping[str, Any]) -> str:
    """Digits of the run of fold 0 of a cross-validation; empty for other runs."""
    split = values.get("split")
    if not isinstance(split, Mapping) or split.get("scheme") != "k_fold" or not split.get("fold"):
        return ""
    try:
        recipe = Recipe.load([path / "recipe.toml"], ["split.fold=0"])
    except AffektError:  # a method that is not installed any more: a group of its own
        return ""
    return recipe.digest()[:HASH_DIGITS]


def _groups_of(method_data: str, digits: str) -> list[str]:
    """Names of a group, from the shortest to the full one."""
    return [f"{method_data}-{digits[:n]}" for n in range(_LEAST_DIGITS, len(digits) + 1)]


def _seed_of(run: NamedRun) -> tuple[int, str]:
    folder = _FOLDER.fullmatch(run.path.name)
    return (int(folder[2]) if folder else 0, run.full_name)


def _names_of(method_data: str, digits: str, seed: str) -> list[str]:
    """Names of a run, from the shortest to the full one; none if its recipe cannot be read."""
    if not digits:
        return [method_data] if method_data else []
    return [f"{method_data}-{digits[:n]}-{seed}" for n in range(_LEAST_DIGITS, len(digits) + 1)]


def _spellings(run: NamedRun) -> set[str]:
    """All names by which a run is found, with that of its folder."""
    head, _, seed = run.full_name.rpartition("-")
    method_data, _, digits = head.rpartition("-")
    names = [run.full_name, *_names_of(method_data, digits, seed), run.path.name]
    return {_plain(name) for name in names}


def _plain(text: str) -> str:
    """A name without differences of case, hyphens and underscores: `BPM-GCN` is `bpm_gcn`."""
    return re.sub(r"[-_]+", "-", text.strip().lower())


def _is_only(run: NamedRun, others: list[NamedRun]) -> bool:
    return sum(other.name == run.name for other in others) == 1


def _near(wanted: str, named: list[NamedRun]) -> str:
    """Names that are close to the wanted one, or the newest names."""
    if not named:
        return "; there are none"
    names = {_plain(run.name): run.name for run in named}
    close = [names[name] for name in difflib.get_close_matches(wanted, list(names), n=3, cutoff=0.5)]
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; the newest are {', '.join(run.name for run in named[:_SHOWN])}"


def _changed_s(path: Path) -> float:
    times = [file.stat().st_mtime for name in _DATED if (file := path / name).is_file()]
    return max(times, default=path.stat().st_mtime)
