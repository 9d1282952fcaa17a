"""Short names of runs, and how a run is found by its name.

The name is `<method>-<data set>-<digits>-<seed>`, as in `bpm_gcn-walkers-4a4b-0`. The digits are the first
four of the hash in the folder's name, or more if four do not distinguish the runs. The name of a run whose
folder was renamed is the name of the folder.
"""

from __future__ import annotations

import difflib
import os
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from affekt.core.errors import ConfigError, UsageError
from affekt.core.files.toml import read_toml

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
        changed_s: When training last wrote to the folder, in seconds since 1970.
    """

    path: Path
    name: str
    full_name: str
    changed_s: float


def find_run(text: Path | str, runs: Path | str = "runs") -> Path:
    """The path of a run that is given by its path, its name or `latest`.

    Args:
        text: A path, which is returned as it is if it exists; `latest`; or a name from `affekt runs`. The
            beginning of a name, or of the hash of its folder, is enough if it fits one run only.
        runs: Folder of all runs.

    Raises:
        UsageError: Nothing exists under this path or name, or the name fits several runs.
    """
    if Path(text).exists():
        return Path(text)
    named = [run for run in name_runs(Path(runs)) if run.name]
    if str(text) == LATEST and named:
        return named[0].path
    wanted = _plain(str(text))
    found = [run for run in named if wanted in _spellings(run)]
    if not found:
        found = [run for run in named if any(one.startswith(wanted) for one in _spellings(run))]
    if len(found) == 1:
        return found[0].path
    if found:
        names = ", ".join(run.name if _is_only(run, found) else str(run.path) for run in found[:_SHOWN])
        raise UsageError(f"{text} fits {len(found)} runs in {runs}, such as {names}: give one of these")
    raise UsageError(f"{text} does not exist, and no run in {runs} has this name{_near(wanted, named)}")


def name_runs(runs: Path) -> list[NamedRun]:
    """All run folders below a folder with their names, the newest first."""
    read = [(path, *_read_name(path)) for path in run_folders(runs)]
    counts = Counter(
        name for _, method_data, digits, seed in read for name in _names_of(method_data, digits, seed)
    )
    found: list[NamedRun] = []
    for path, method_data, digits, seed in read:
        names = _names_of(method_data, digits, seed) or [""]
        short = next((name for name in names if counts[name] == 1), names[-1])
        found.append(NamedRun(path, short, names[-1], _changed_s(path)))
    return sorted(found, key=lambda run: -run.changed_s)


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


def _read_name(path: Path) -> tuple[str, str, str]:
    """Method with data set, digits and seed of a run; of a renamed folder its name alone."""
    try:
        recipe = read_toml(path / "recipe.toml")
        method_data = f"{recipe['method']}-{recipe['data']['name']}"
    except (ConfigError, KeyError, TypeError):
        return "", "", ""
    folder = _FOLDER.fullmatch(path.name)
    return (method_data, folder[1], folder[2]) if folder else (path.name, "", "")


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
