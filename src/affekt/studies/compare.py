"""`compare_networks`: runs and bundles on the same items, tested in the same way as the rows of a study."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

from affekt.core.errors import AffektError, UsageError
from affekt.core.recipe import Recipe
from affekt.core.settings import suggest
from affekt.core.task import OnItem, find_task, quiet
from affekt.core.wording import are, counted
from affekt.engine.runs.run import Run
from affekt.evaluation.evaluate import score_part
from affekt.evaluation.opened import load_scored
from affekt.evaluation.result import renamed_labels
from affekt.studies.networks import check_apart, check_rows, networks_of
from affekt.studies.opening import check_answers, check_data, open_all, planned
from affekt.studies.outcome.answers import Answers, answers_of, pooled
from affekt.studies.outcome.gather import RowRuns
from affekt.studies.outcome.summary import Summary, summarize

Watch = Callable[[str], AbstractContextManager[OnItem]]


def _unwatched(name: str) -> AbstractContextManager[OnItem]:
    return nullcontext(quiet)


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
    least: int = 2,
    command: str = "affekt compare",
    watch: Watch = _unwatched,
) -> Summary:
    """Evaluate networks on the same part of the same data, and test their differences.

    Args:
        rows: Runs and bundles by path or name. A name without a seed stands for all runs of one recipe
            (`engine.runs.names.find_runs`), which are one row, as are several joined by commas. Folds of
            a cross-validation are scored together.
        data, data_root, split: As `affekt.evaluation.evaluate.evaluate` takes them.
        metrics: Scores to compare; those of the task if not given.
        against: A row, as in `rows`, that the others are tested against; the first one if not given, `all`
            for each pair.
        common: Compare on the items that all have, where these differ; refused if not set.
        least: Fewest rows; with 1, one row is scored without a test.
        watch: Called with the name of each network before it is scored: a context whose value is called with
            the number of samples that are done, and of all.

    Raises:
        UsageError: There are fewer than `least` rows, an unknown score, or other test items.
        DataError: The data hold no such part, or a network cannot read them.
        AffektError: The networks answer differently, or the data state another truth.
    """
    check_rows(rows, against, least=least)
    found = {row: networks_of(row, runs) for row in rows}
    check_apart(found)
    check_data(found, data)
    opened = open_all(found, data=data, data_root=data_root, split=split)
    expected = {
        row: _by_seed({path: planned(opened[path]) for path in paths}) for row, paths in found.items()
    }
    check_answers(expected, against)
    _match(expected, common=common)
    answers: dict[str, list[Answers]] = {}
    notes: list[str] = []
    for row, paths in found.items():
        each: dict[Path, Answers] = {}
        for number, path in enumerate(paths, 1):
            name = row if len(paths) == 1 else f"{row}, {number} of {len(paths)}"
            with watch(name) as step:
                result = score_part(opened[path], load_scored(path), command=command, on_batch=step)
            notes += [f"{row}: {text}" for text in (renamed_labels(result.label_map),) if text]
            each[path] = answers_of(result.to_dict(), result.predictions)
        answers[row] = _by_seed(each)
        notes += _about_folds(row, paths)
    notes = [*dict.fromkeys(notes), *_match(answers, common=common)]
    gathered = [RowRuns(row, "", (), dict(enumerate(found)), ()) for row, found in answers.items()]
    summary = summarize(gathered, tuple(metrics) or _metrics(answers), against)
    known = {name for row in summary.rows for name in row.scores}
    if unknown := [name for name in metrics if name not in known]:
        scores = sorted(next(iter(answers.values()))[0].scores)
        raise UsageError(f"--metric {unknown[0]}: no such score; {suggest(unknown[0], scores)}")
    summary.notes = [*notes, *summary.notes]
    return summary


def _by_seed(answers: Mapping[Path, Answers]) -> list[Answers]:
    """The answers of each seed, those of its folds together.

    Raises:
        AffektError: Folds share items, or differ in their labels.
    """
    folds: dict[Hashable, list[Answers]] = {}
    for path, one in answers.items():
        folds.setdefault(_seed_of(path), []).append(one)
    return [pooled(each) for each in folds.values()]


def _seed_of(path: Path) -> Hashable:
    """What is equal for the folds of one seed of one cross-validation, and for nothing else."""
    recipe = _cross_validation(path)
    if recipe is None:
        return path
    whole = recipe.model_copy(update={"split": recipe.split.model_copy(update={"fold": 0})})
    return whole.digest(), whole.seed


def _cross_validation(path: Path) -> Recipe | None:
    """The recipe of a run that is one fold; None for others."""
    if not (path / "recipe.toml").is_file():
        return None
    recipe = Run(path).recipe
    return recipe if recipe.split.scheme == "k_fold" else None


def _about_folds(row: str, paths: Sequence[Path]) -> list[str]:
    """What a row of folds is about, in words."""
    recipe = _cross_validation(paths[0])
    if recipe is None or len(paths) == 1:
        return []
    counts = sorted(set(Counter(map(_seed_of, paths)).values()))
    every = recipe.split.folds
    if counts == [every]:
        return [f"{row}: the {every} folds of a seed are scored together"]
    number = " to ".join(map(str, counts))
    return [f"{row}: {number} of {every} folds of a seed are scored together, the others are missing"]


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
        f"{row}: {counted(len(one.rows), 'item')} of {one.data}, {one.part}" for row, one in every.items()
    )
    if not shared:
        raise AffektError(f"the networks have no test item in common: {places}")
    if not common:
        raise UsageError(
            f"the networks have other test items: {places}. {counted(len(shared), 'item')} "
            f"{are(len(shared))} common to all: --common "
            "compares on these, or name the same data and part with --data and --split"
        )
    for row, found in answers.items():
        answers[row] = [
            replace(one, rows={name: one.rows[name] for name in one.rows if name in shared}) for one in found
        ]
    return [
        f"compared on the {counted(len(shared), 'item')} that all networks have; "
        f"{len(everything) - len(shared)} are "
        f"left out ({places})"
    ]


def _metrics(answers: dict[str, list[Answers]]) -> tuple[str, ...]:
    task = find_task(next(iter(answers.values()))[0].task.partition("+")[0])
    return tuple(dict.fromkeys(name for name in (task.selects_by, *task.gate) if name != "loss"))
