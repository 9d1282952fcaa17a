"""Scores of one network on every subset of its modalities."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

from affekt.core.errors import UsageError
from affekt.core.files.output import check_folder
from affekt.core.files.whole import write_text
from affekt.core.spec import InputSpec
from affekt.core.task import OnItem, quiet
from affekt.deploy.load import load
from affekt.engine.runs.names import find_run
from affekt.evaluation.evaluate import evaluate
from affekt.evaluation.result import Evaluation

TABLE = "subsets.json"


def evaluate_subsets(
    path: Path | str, *, folder: Path | None = None, on_batch: OnItem = quiet, **options: Any
) -> dict[str, Evaluation]:
    """Evaluate a run or a bundle on each subset of its modalities, smallest first.

    Samples that have none of a subset's modalities are skipped, with the reason, in that subset alone.

    Args:
        folder: Where results go; by default beside those of `evaluate`, in a folder for each subset.
        options: Of `evaluate`.

    Returns:
        Results by names such as `text+audio`. The scores of all are in `subsets.json` as well.

    Raises:
        UsageError: The network needs all its modalities.
        DataError: As for `evaluate`.
    """
    if folder is not None:
        check_folder(folder)
    path = find_run(path)
    spec = load(path).preprocess.spec
    found: dict[str, Evaluation] = {}
    for names in subsets_of(spec, path):
        name = "+".join(names)
        target = folder / name if folder else None
        found[name] = evaluate(path, folder=target, modalities=names, on_batch=on_batch, **options)
    rows = {
        name: {"scores": one.scores, "intervals": one.intervals, "samples": one.samples}
        for name, one in found.items()
    }
    place = folder or next(iter(found.values())).folder.parent
    write_text(place / TABLE, json.dumps(rows, indent=1) + "\n")
    return found


def subsets_of(spec: InputSpec, path: Path) -> Iterator[tuple[str, ...]]:
    """Every subset of the modalities but the empty one, smallest first.

    Raises:
        UsageError: The network needs all its modalities.
    """
    names = spec.modalities
    if not spec.takes_subsets:
        raise UsageError(
            f"{path} reads {' and '.join(names) or 'one input'} and needs all of it: subsets are of networks "
            "that answer without some of their modalities, such as mdn_makd with a fusion"
        )
    for count in range(1, len(names) + 1):
        yield from combinations(names, count)
