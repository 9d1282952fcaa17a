"""All mistakes of a plan, before anything runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path

from affekt.core.dataset import Corpus
from affekt.core.errors import AffektError, ConfigError
from affekt.core.files.regular import is_folder
from affekt.core.recipe import Recipe, merge
from affekt.core.settings import suggest
from affekt.data.open import open_dataset
from affekt.engine.description import check_batches, limits_of_data
from affekt.engine.experiment import misfits, objective_kind
from affekt.engine.splits import check_splits, part
from affekt.studies.plans.expand import Expansion, Member, Row, data_key, expand, rows_of
from affekt.studies.plans.plan import ALL, Plan, nested
from affekt.studies.plans.roots import Roots

_SHOWN = 3  # rows that a problem names


def check_plan(
    plan: Plan | None,
    folder: Path,
    roots: Roots,
    *,
    source: str = "the plan",
    further: Sequence[Row] = (),
    problems: Sequence[str] = (),
) -> Expansion:
    """The members of a plan.

    Args:
        plan: None if its form is wrong.
        folder: Of the plan.
        source: What the error calls the plan.
        further: Rows that its commands make.
        problems: What was found before.

    Raises:
        ConfigError: Listing all problems.
    """
    if plan is None:
        raise ConfigError(source, problems)
    rows = [*rows_of(plan), *further]
    lines = [*problems, *_check_rows(plan, rows)]
    first = expand(plan, rows, folder)
    corpora = _open_all(first, roots)
    found = expand(plan, rows, folder, {key: corpus.labels for key, corpus in corpora.items()})
    _check_references(rows, folder, found)
    _check_search(plan, found)
    for problem, names in first.problems.items():
        for name in names:
            found.report(problem, name)
    _check_data(plan, found, corpora)
    _check_duplicates(found)
    lines += [_line(problem, names, rows) for problem, names in found.problems.items()]
    lines += _check_metrics(plan, corpora)
    if lines:
        raise ConfigError(source, list(dict.fromkeys(lines)))
    found.metrics = _metrics(found, corpora)
    return found


def _check_rows(plan: Plan, rows: Sequence[Row]) -> list[str]:
    """Problems of the rows' names and seeds."""
    lines: list[str] = []
    names = [row.name for row in rows]
    lines += [f"two rows are called {name!r}" for name in sorted({it for it in names if names.count(it) > 1})]
    shown = [row.name for row in rows if row.shown]
    if plan.against not in ("", ALL, *shown):
        lines.append(
            f"against = {plan.against!r}: no row of the table is called so; {suggest(plan.against, shown)}"
        )
    for row in rows:
        repeated = sorted({seed for seed in row.seeds if row.seeds.count(seed) > 1})
        if repeated:
            where = "seeds" if row.seeds == plan.seeds else f"members.{row.name}.seeds"
            lines.append(f"{where}: {', '.join(map(str, repeated))} is given more than once")
    if not shown:
        lines.append("no row is shown: a plan needs one that is not shown = false")
    return lines


def _check_references(rows: Sequence[Row], folder: Path, found: Expansion) -> None:
    names = [row.name for row in rows]
    by_name = {row.name: row for row in rows}
    for row in rows:
        for key, given in (("teacher", (row.teacher,) if row.teacher else ()), ("weights", row.weights)):
            for name in given:
                if name not in names and not any(map(is_folder, (folder / name, Path(name)))):
                    found.report(
                        f"{key} = {name!r}: no row is called so, nor a folder; {suggest(name, names)}",
                        row.name,
                    )
                elif name not in names:
                    continue
                elif missing := _missing_seeds(row, by_name[name]):
                    found.report(
                        f"{key} = {name!r}: that row has no run of seed {', '.join(map(str, missing))}, and "
                        "more than one run of others",
                        row.name,
                    )


def _missing_seeds(row: Row, other: Row) -> list[int]:
    return [] if len(other.seeds) == 1 else [seed for seed in row.seeds if seed not in other.seeds]


def _check_search(plan: Plan, found: Expansion) -> None:
    """Each value at the ends of the search must give a valid recipe."""
    if plan.search is None or not found.members:
        return
    base = found.members[0].recipe.model_dump(mode="json", exclude_unset=True)
    for key, choice in plan.search.space.items():
        for value in choice.choices or (choice.low, choice.high):
            values = deepcopy(base)
            merge(values, nested({key: value}))
            try:
                Recipe.from_values(values)
            except ConfigError as error:
                for problem in error.problems:
                    found.report(f"search.space: {problem}", "search")


def _open_all(found: Expansion, roots: Roots) -> dict[str, Corpus]:
    """The corpora of all members, by data set and options."""
    corpora: dict[str, Corpus] = {}
    failed: set[str] = set()
    for member in found.members:
        key, data = data_key(member.recipe), member.recipe.data
        if key in corpora:
            continue
        try:
            if key not in failed:
                corpora[key] = open_dataset(data.name, roots.of_data(data.name), data.options)
        except AffektError as error:
            failed.add(key)
            found.report(f"data {data.name}: {error}", member.row)
    return corpora


def _check_data(plan: Plan, found: Expansion, corpora: Mapping[str, Corpus]) -> None:
    """Recipes against their data: task, classes, splits, teachers."""
    seen: set[str] = set()
    for member in found.members:
        recipe, corpus = member.recipe, corpora.get(data_key(member.recipe))
        key = recipe.model_copy(update={"seed": 0}).model_dump_json() + str(bool(member.teacher))
        if corpus is None or key in seen:
            continue
        seen.add(key)
        for problem in misfits(recipe, corpus):
            found.report(problem, member.row)
        try:
            parts = part(corpus.usable, recipe.split)
            check_splits(parts)
            check_batches(recipe, parts)
            limits_of_data(corpus, parts)
            if member.tested and plan.part == "test" and not parts.test:
                found.report(
                    f"{recipe.data.name} has no test part: set split.test_share = 0.2, folds = 5, or "
                    "part = 'validation' in the plan",
                    member.row,
                )
        except ConfigError as error:
            for problem in error.problems:
                found.report(problem, member.row)
        except AffektError as error:
            found.report(str(error), member.row)
        _check_teacher(member, corpus, found)


def _check_teacher(member: Member, corpus: Corpus, found: Expansion) -> None:
    recipe = member.recipe
    takes = getattr(objective_kind(recipe, corpus.task, corpus.labels), "takes_teacher", False)
    if takes and not member.teacher:
        found.report(
            f"the objective of {recipe.method} learns from a teacher: name its row, teacher = ...", member.row
        )
    elif member.teacher and not takes:
        found.report(f"the objective of {recipe.method} takes no teacher: leave out teacher", member.row)


def _check_duplicates(found: Expansion) -> None:
    """Two rows with one recipe would be one run."""
    first: dict[tuple[object, ...], Member] = {}
    for member in found.members:
        linked = tuple(one.id if isinstance(one, Member) else str(one) for one in member.links)
        key = (member.recipe.digest(), member.seed, linked)
        other = first.setdefault(key, member)
        if other is not member and (other.row, other.data) != (member.row, member.data):
            what = f"rows {other.row!r} and {member.row!r}" if other.row != member.row else "data sets"
            names = f"{what} {other.data!r} and {member.data!r}" if other.row == member.row else what
            found.report(f"{names} are the same recipe: leave one of them out", member.row)


def _check_metrics(plan: Plan, corpora: Mapping[str, Corpus]) -> list[str]:
    lines: list[str] = []
    for corpus in corpora.values():
        known = [name for name in corpus.task.metrics if name != "loss"]
        for name in plan.metrics:
            if name not in known:
                lines.append(
                    f"metrics: {name!r} is not a score of {corpus.task.name}; {suggest(name, known)}"
                )
    return lines


def _metrics(found: Expansion, corpora: Mapping[str, Corpus]) -> tuple[str, ...]:
    """Scores of a table that names none: that which selects, and those that the task guards in an export."""
    names = [name for member in found.members for name in (member.recipe.selection.metric,)]
    names += [name for corpus in corpora.values() for name in (corpus.task.selects_by, *corpus.task.gate)]
    return tuple(dict.fromkeys(name for name in names if name != "loss"))


def _line(problem: str, names: Sequence[str], rows: Sequence[Row]) -> str:
    if len(names) == len(rows) > 1:
        return f"all rows: {problem}"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}: {problem}"
