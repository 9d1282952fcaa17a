"""A search of settings by Optuna, on validation samples only.

Trials are runs of the base recipe with the first seed of the plan. They are never evaluated on the test part.
The best one becomes a row of the table, which is trained with all seeds and then evaluated like the others.

A search is resumed without a store of its own: the sampler is seeded and trials are chosen in a fixed order,
so that the same results lead to the same settings, whose finished runs are found.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

from affekt.core.errors import AffektError, require
from affekt.core.task import Task
from affekt.data.open import open_dataset
from affekt.report.study.tables import Cell, Table
from affekt.studies.plans.commands import Commands
from affekt.studies.plans.expand import Expansion, Member, Row, expand
from affekt.studies.plans.plan import Range, SearchSettings, Variant
from affekt.studies.running.same_data import SameData
from affekt.studies.running.schedule import OnChange, Progress, run_jobs
from affekt.studies.study import LOGS, Outcome, Study, finish, jobs_of, locked

BEST = "search"


def run_search(study: Study, *, at_once: int = 1, on_change: OnChange = lambda state: None) -> Outcome:
    """Search, then run the plan with the best settings as a further row.

    Raises:
        AffektError: Not one trial succeeded.
        DataError: The run of a trial was trained on other data.
        MissingExtra: Optuna is not installed.
        UsageError: Another process runs this study.
    """
    search = study.plan.search
    assert search is not None
    optuna = require("optuna", extra="hpo", needed_by="a search")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with locked(study) as lock:
        sign = _direction(study)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            sampler = optuna.samplers.TPESampler(seed=search.seed)
        found = optuna.create_study(direction="maximize" if sign > 0 else "minimize", sampler=sampler)
        same = SameData(study.finder, study.roots, study.accept_data)
        rows: list[Row] = []
        failed: dict[str, str] = {}
        while len(rows) < search.trials:
            batch = [found.ask() for _ in range(min(search.at_once, search.trials - len(rows)))]
            trials = [
                _row(study, number, _asked(trial, search)) for number, trial in enumerate(batch, len(rows))
            ]
            rows += trials
            alone = replace(study, commands=Commands())
            progress, expansion = _run(alone, trials, same, at_once, on_change, lock)
            failed |= progress.failed
            failed |= {row: problem for problem, names in expansion.problems.items() for row in names}
            by_row = {member.row: member for member in expansion.members}
            for trial, row in zip(batch, trials, strict=True):
                score = _score(study, by_row[row.name]) if row.name in by_row else None
                state = optuna.trial.TrialState.FAIL if score is None else None
                found.tell(trial, score, state=state)
        if all(trial.value is None for trial in found.trials):
            raise AffektError(f"all {search.trials} trials failed: {next(iter(failed.values()))}")
        best = rows[found.best_trial.number]
        chosen = Row(BEST, best.changes, study.plan.seeds)
        every = [*study.found.rows, chosen]
        progress, expansion = _run(study, every, same, at_once, on_change, lock)
        progress.failed |= failed
        further = (_table(found, rows, best),)
        return finish(study, every, expansion.members, progress, further=further)


def _row(study: Study, number: int, settings: dict[str, Any]) -> Row:
    name = f"trial {number}"
    return Row(name, (Variant(set=settings),), study.plan.seeds[:1], shown=False, tested=False)


def _asked(trial: Any, search: SearchSettings) -> dict[str, Any]:
    return {key: _suggested(trial, key, values) for key, values in search.space.items()}


def _suggested(trial: Any, key: str, values: Range) -> Any:
    if values.choices:
        return trial.suggest_categorical(key, list(values.choices))
    whole = isinstance(values.low, int) and isinstance(values.high, int)
    suggest = trial.suggest_int if whole else trial.suggest_float
    return suggest(key, values.low, values.high, log=values.log)


def _run(
    study: Study,
    rows: list[Row],
    same: SameData,
    at_once: int,
    on_change: OnChange,
    lock: tuple[int, ...],
) -> tuple[Progress, Expansion]:
    """Train rows; trials that were chosen twice, or equal another row, are one run."""
    expansion = expand(study.plan, rows, study.path.parent, study.found.labels)
    same.check(expansion.members)
    view = replace(study, found=expansion)
    unique: dict[tuple[str, int], Member] = {}
    for member in expansion.members:
        unique.setdefault((member.recipe.digest(), member.seed), member)
    jobs = jobs_of(view, list(unique.values()))
    progress = run_jobs(jobs, study.folder / LOGS, at_once=at_once, on_change=on_change, keep_open=lock)
    return progress, expansion


def _direction(study: Study) -> int:
    """+1 if the metric that selects is better when higher, else -1."""
    recipe = study.found.members[0].recipe
    corpus = open_dataset(recipe.data.name, study.roots.of_data(recipe.data.name), recipe.data.options)
    task: Task = corpus.task
    return task.metrics.get(recipe.selection.metric, -1)


def _score(study: Study, member: Member) -> float | None:
    """Validation score of a finished trial; None if it failed."""
    run = study.finder.run_of(member)
    if run is None or run.result is None:
        return None
    return float(run.result["validation"][member.recipe.selection.metric])


def _table(found: Any, rows: list[Row], best: Row) -> Table:
    """All trials with their settings and validation scores."""
    keys = list(found.trials[0].params)
    lines = [
        [
            Cell(f"{row.name} (best)" if row is best else row.name),
            *(Cell(_shown(trial.params[key]), is_number=True) for key in keys),
            Cell("failed" if trial.value is None else f"{trial.value:.3f}", is_number=True),
        ]
        for trial, row in zip(found.trials, rows, strict=True)
    ]
    note = (
        "Chosen on validation samples with one seed: the best of many trials is partly the luckiest. The row "
        f"{BEST!r} of the table is trained with all seeds."
    )
    return Table("Search", ("trial", *keys, "validation"), lines, note)


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
