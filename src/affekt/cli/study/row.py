"""`affekt evaluate` on the name of a recipe: all of its runs as one row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from affekt.cli.show import as_json, progress, say
from affekt.cli.study.shown import show_tables
from affekt.core.wording import counted


def show_row(
    name: str,
    paths: Sequence[Path],
    *,
    runs: Path,
    data: str | None,
    data_root: Path | None,
    split: str,
    json: bool,
) -> None:
    """Score the runs of a recipe; each evaluation is recorded as that of one run."""
    from affekt.studies.compare import compare_networks
    from affekt.studies.outcome.documents import summary_document
    from affekt.studies.outcome.shown import score_table

    summary = compare_networks(
        [name],
        runs=runs,
        data=data,
        data_root=data_root,
        split=split,
        least=1,
        command="affekt evaluate",
        watch=lambda name: progress(f"evaluating {name}"),
    )
    if json:
        as_json(summary_document(summary) | {"paths": [str(path) for path in paths]})
        return
    say(f"{name} stands for {counted(len(paths), 'run')}; each is evaluated by itself with its name as well")
    show_tables([score_table(summary, "", link="")])
    for note in summary.notes:
        say(note)
