"""Evaluations of a network that lie on the disk, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from affekt.core.errors import FolderError
from affekt.core.files.json_file import read_json_object
from affekt.core.wording import counted

SCORES_FILE = "scores.json"


def evaluations_in(folder: Path) -> list[str]:
    """A line for each evaluation below a folder, with the 95 % intervals of its scores.

    An evaluation that cannot be read has a line with the reason.
    """
    return [_line(file) for file in sorted(folder.rglob(SCORES_FILE))]


def scores_text(scores: Mapping[str, Any], intervals: Any = None) -> str:
    """Scores as text; counts and texts are left out.

    Example:
        >>> scores_text({"uar": 0.61, "split": "test"}, {"uar": [0.55, 0.67]})
        'uar 0.610 (0.550 to 0.670)'
    """
    pairs = intervals if isinstance(intervals, Mapping) else {}
    return ", ".join(
        f"{name} {value:.3f}{_range(pairs.get(name))}"
        for name, value in scores.items()
        if isinstance(value, float)
    )


def _line(file: Path) -> str:
    try:
        found = read_json_object(file)
    except FolderError as error:
        return str(error)
    on, scores = found.get("evaluated_on"), found.get("scores")
    where = f"{on.get('data')} {on.get('split')}" if isinstance(on, Mapping) else file.parent.name
    shown = scores_text(scores if isinstance(scores, Mapping) else {}, found.get("intervals"))
    samples = found.get("samples")
    of = f", {counted(samples, 'sample')}" if isinstance(samples, int) else ""
    return f"{where}{of}: {shown}"


def _range(pair: Any) -> str:
    if not isinstance(pair, list) or [type(end) for end in pair] != [float, float]:
        return ""
    return f" ({pair[0]:.3f} to {pair[1]:.3f})"
