"""`compare_networks`: runs and bundles on the same items, tested in the same way as the rows of a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from affekt.core.errors import AffektError, UsageError
from affekt.core.settings import suggest
from affekt.core.task import OnItem, find_task, quiet
from affekt.engine.runs.names import find_run
from affekt.evaluation.evaluate import evaluate
from affekt.studies.networks import SEPARATOR, check_rows
from affekt.studies.outcome.answers import Answers, answers_of
from affekt.studies.outcome.gather import RowRuns
from affekt.studies.outcome.summary import Summary, summarize


def compare_networks(
    rows: Sequence[str],
    *,
    runs: Path | str = "runs",
    data: str | None = None,
    data_root: Path | str | None = None,
    split: str = "test",
    metrics: Sequence[str] = (),
    against: str = "",
    common: bool = False,
    on_item: OnItem = quiet,
) -> Summary:
    """Evaluate networks on the same part of the same data, and test their differences.

    Args:
        rows: Runs and bundles by path or name; several of them joined by commas are one row, such as the
            seeds of one recipe.
        data, data_root, split: As `affekt.evaluation.evaluate.evaluate` takes them.
        metrics: Scores to compare; those of the task if not given.
        against: A row, as in `rows`, that the others are tested against; the first one if not given, `all`
            for each pair.
        common: Compare on the items that all have, where these differ; refused if not set.

    Raises:
        UsageError: There are fewer than two rows, an unknown score, or the networks have other test items.
        AffektError: The networks answer differently, or the data state another truth.
    """
    check_rows(rows, against)
    answers: dict[str, list[Answers]] = {}
    for row in rows:
        answers[row] = []
        for text in row.split(SEPARATOR):
            result = evaluate(
                find_run(text, runs),
                data=data,
                data_root=data_root,
                split=split,
                command="affekt compare",
                on_batch=on_item,
            )
            answers[row].append(answers_of(result.to_dict(), result.predictions))
    notes = _match(answers, common=common)
    gathered = [RowRuns(row, "", (), dict(enumerate(found)), ()) for row, found in answers.items()]
    summary = summarize(gathered, tuple(metrics) or _metrics(answers), against)
    known = {name for row in summary.rows for name in row.scores}
    if unknown := [name for name in metrics if name not in known]:
        scores = sorted(next(iter(answers.values()))[0].scores)
        raise UsageError(f"--metric {unknown[0]}: no such score; {suggest(unknown[0], scores)}")
    summary.notes = [*notes, *summary.notes]
    return summary


def _match(answers: dict[str, list[Answers]], *, common: bool) -> list[str]:
    """Refuse other items or leave them out; returns what was left out, in words.

    Raises:
        UsageError: Items differ and `common` is not set.
        AffektError: There is no common item.
    """
    every = {f"{row}": one for row, found in answers.items() for one in found}
    sets = [set(one.rows) for found in answers.values() for one in found]
    shared, everything = set.intersection(*sets), set.union(*sets)
    if shared == everything:
        return []
    places = "; ".join(
        f"{row}: {len(one.rows)} items of {one.data}, {one.part}" for row, one in every.items()
    )
    if not shared:
        raise AffektError(f"the networks have no test item in common: {places}")
    if not common:
        raise UsageError(
            f"the networks have other test items: {places}. {len(shared)} items are common to all: --common "
            "compares on these, or name the same data and part with --data and --split"
        )
    for row, found in answers.items():
        answers[row] = [
            replace(one, rows={name: one.rows[name] for name in one.rows if name in shared}) for one in found
        ]
    return [
        f"compared on the {len(shared)} items that all networks have; {len(everything) - len(shared)} are "
        f"left out ({places})"
    ]


def _metrics(answers: dict[str, list[Answers]]) -> tuple[str, ...]:
    task = find_task(next(iter(answers.values()))[0].task.partition("+")[0])
    return tuple(dict.fromkeys(name for name in (task.selects_by, *task.gate) if name != "loss"))
