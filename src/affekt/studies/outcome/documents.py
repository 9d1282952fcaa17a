"""The numbers of a study as plain values, for JSON and CSV."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

from affekt.report.study.tables import as_csv
from affekt.studies.outcome.summary import Summary


def relative(path: Path, folder: Path) -> str:
    """A path relative to a folder, for links."""
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()


def scores_csv(summary: Summary, folder: Path) -> str:
    """A line for each score of each row; runs relative to `folder`."""
    columns = (
        "data", "row", "score", "seeds", "mean", "standard_deviation", "seeds_low", "seeds_high",
        "items_low", "items_high", "items", "over", "runs",
    )  # fmt: skip
    rows = [
        (
            row.runs.data, row.name, score.name, len(score.values), score.mean, score.deviation,
            *(score.over_seeds or (None, None)), *(score.over_items or (None, None)),
            row.samples, row.over, " ".join(relative(run.path, folder) for run in row.runs.runs),
        )
        for row in summary.rows
        for score in row.scores.values()
    ]  # fmt: skip
    return as_csv(columns, rows)


def comparisons_csv(summary: Summary) -> str:
    """A line for each comparison."""
    found = summary_document(summary)["tests"]
    columns = tuple(found[0]) if found else ("data", "row", "against", "score")
    return as_csv(columns, [tuple(one.values()) for one in found])


def summary_document(summary: Summary, folder: Path | None = None) -> dict[str, Any]:
    """Rows, tests and notes.

    Args:
        folder: Paths of runs are relative to it; absolute if not given.
    """
    return {
        "metrics": list(summary.metrics),
        "rows": [
            {
                "data": row.runs.data,
                "row": row.name,
                "samples": row.samples,
                "over": row.over,
                "notes": list(row.notes),
                "warnings": list(row.warnings),
                "runs": [
                    {
                        "path": relative(run.path, folder) if folder else str(run.path),
                        "seed": run.member.seed,
                        "fold": run.member.fold,
                        "looks": run.looks,
                    }
                    for run in row.runs.runs
                ],
                "scores": {
                    name: {
                        "values": {str(seed): it for seed, it in score.values.items()},
                        "mean": score.mean,
                        "standard_deviation": score.deviation,
                        "over_seeds": score.over_seeds,
                        "over_items": _finite(score.over_items),
                    }
                    for name, score in row.scores.items()
                },
            }
            for row in summary.rows
        ],
        "tests": [
            {
                "data": it.data,
                "row": it.one,
                "against": it.other,
                "score": found.score,
                "difference": found.difference,
                "low": None if math.isnan(found.low) else found.low,
                "high": None if math.isnan(found.high) else found.high,
                "test": found.test,
                "units": found.units,
                "over": it.over,
                "p_items": found.p_items,
                "p_seeds": found.p_seeds,
                "p": found.p,
                "p_holm": found.p_holm,
                "distinguishable": found.is_distinguishable(),
            }
            for it in summary.comparisons
            for found in (it.difference,)
        ],
        "notes": summary.notes,
    }


def _finite(ends: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if ends is None or any(map(math.isnan, ends)) else ends
