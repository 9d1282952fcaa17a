"""The rows of a plan, and its members: what is trained for each row, data set, seed and fold."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError, ConfigError
from affekt.core.files.regular import is_folder, is_regular
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe, merge, read_values, with_classes
from affekt.studies.plans.plan import Plan, Variant, nested

BASE = "base"


@dataclass(frozen=True)
class Row:
    """One line of the table, before data set, seed and fold are chosen.

    Attributes:
        changes: What it changes of the base, in order.
        teacher, weights: Names of other rows, or folders of weights.
        seeds: Its seeds.
        from_base: Whether it starts from the base recipe.
        shown: Whether the table has it.
        tested: Whether its networks are evaluated on the part of the table; trials of a search are not.
        after: Ids of commands that must be done before.
    """

    name: str
    changes: tuple[Variant, ...]
    seeds: tuple[int, ...]
    teacher: str = ""
    weights: tuple[str, ...] = ()
    from_base: bool = True
    shown: bool = True
    tested: bool = True
    after: tuple[str, ...] = ()

    @property
    def refers_to(self) -> tuple[str, ...]:
        """Rows that must be trained before."""
        return (*((self.teacher,) if self.teacher else ()), *self.weights)


@dataclass(frozen=True)
class Member:
    """One run of a study.

    Attributes:
        data: Name of the data set in the plan; empty if the plan has only that of its recipes.
        fold: None without cross-validation.
        recipe: Complete, but for the digests of teacher and weights, which are known once these are trained.
        teacher, weights: The members that it refers to, or folders of weights.
    """

    row: str
    data: str
    seed: int
    fold: int | None
    recipe: Recipe
    teacher: Member | Path | None = None
    weights: tuple[Member | Path, ...] = ()
    tested: bool = True

    @property
    def id(self) -> str:
        """Its place in the study, in words."""
        parts = [self.row, self.data, f"seed {self.seed}", "" if self.fold is None else f"fold {self.fold}"]
        return ", ".join(part for part in parts if part)

    @property
    def links(self) -> tuple[Member | Path, ...]:
        """Teacher and weights, in this order."""
        return (*((self.teacher,) if self.teacher else ()), *self.weights)

    @property
    def needs(self) -> tuple[Member, ...]:
        """Members that must be finished before."""
        return tuple(one for one in self.links if isinstance(one, Member))


@dataclass
class Expansion:
    """Members of a plan, with the problems that were found.

    Attributes:
        problems: Sentences, each with the names of the rows that have it.
        metrics: Scores of a table that names none.
        labels: Of each data set that was read, by `data_key`.
    """

    rows: list[Row] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    problems: dict[str, list[str]] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    labels: Mapping[str, LabelSet] = field(default_factory=dict)

    def report(self, problem: str, row: str) -> None:
        """Add a problem of a row."""
        rows = self.problems.setdefault(problem, [])
        if row not in rows:
            rows.append(row)


def data_key(recipe: Recipe) -> str:
    """A data set with its options, as text."""
    return recipe.data.model_dump_json()


def rows_of(plan: Plan) -> list[Row]:
    """The rows of a plan in the order of its table: base, ablations, grid, members."""
    rows: list[Row] = []
    rest = plan.grid or plan.members or plan.commands
    if plan.ablations or plan.search or not rest:
        rows.append(Row(BASE, (), plan.seeds))
    rows += [_row(name, (variant,), plan.seeds) for name, variant in plan.ablations.items()]
    if plan.grid:
        axes = [list(axis.items()) for axis in plan.grid.values()]
        for point in itertools.product(*axes):
            rows.append(_row(", ".join(name for name, _ in point), tuple(it for _, it in point), plan.seeds))
    for name, member in plan.members.items():
        rows.append(
            Row(
                name,
                (member,),
                member.seeds or plan.seeds,
                member.teacher,
                member.weights,
                member.from_base,
                member.shown,
                member.tested,
            )
        )
    return rows


def expand(
    plan: Plan, rows: Sequence[Row], folder: Path, labels: Mapping[str, LabelSet] | None = None
) -> Expansion:
    """All members of some rows.

    Args:
        folder: Of the plan; its recipe files may lie there.
        labels: Of the data sets, by `data_key`, for recipes that leave the number of classes to the data.
    """
    found = Expansion(list(rows), labels=labels or {})
    known: dict[tuple[str, str, int, int | None], Member] = {}
    for row in in_order(rows, found):
        for data, variant in (plan.data or {"": Variant()}).items():
            values = _values(plan, row, variant, folder, found)
            if values is None:
                continue
            for fold in range(plan.folds) if plan.folds else (None,):
                for seed in row.seeds:
                    recipe = _recipe(values, plan, fold, seed, row.name, found)
                    if recipe is None:
                        continue

                    def linked(
                        name: str, place: tuple[str, int, int | None] = (data, seed, fold)
                    ) -> Member | Path | None:
                        return _referred(name, *place, known) or _folder(name, folder)

                    teacher = linked(row.teacher) if row.teacher else None
                    weights = tuple(one for one in map(linked, row.weights) if one)
                    member = Member(row.name, data, seed, fold, recipe, teacher, weights, row.tested)
                    known[row.name, data, seed, fold] = member
    found.members = [
        known[row.name, data, seed, fold]
        for data in plan.data or {"": Variant()}
        for row in rows
        for seed in row.seeds
        for fold in (range(plan.folds) if plan.folds else (None,))
        if (row.name, data, seed, fold) in known
    ]
    return found


def in_order(rows: Sequence[Row], found: Expansion) -> list[Row]:
    """Rows after those that they refer to; circles are reported."""
    by_name = {row.name: row for row in rows}
    done: list[Row] = []
    waiting = list(rows)
    while waiting:
        ready = [
            row for row in waiting if all(by_name[name] in done for name in row.refers_to if name in by_name)
        ]
        if not ready:
            circle = ", ".join(row.name for row in waiting)
            found.report(f"rows refer to each other in a circle: {circle}", waiting[0].name)
            break
        done += ready
        waiting = [row for row in waiting if row not in ready]
    return done


def _row(name: str, changes: tuple[Variant, ...], seeds: tuple[int, ...]) -> Row:
    teacher = next((one.teacher for one in reversed(changes) if one.teacher), "")
    weights = tuple(name for one in changes for name in one.weights)
    return Row(name, changes, seeds, teacher, weights)


def _values(plan: Plan, row: Row, data: Variant, folder: Path, found: Expansion) -> dict[str, Any] | None:
    """Plain values of a row on a data set; None if a file cannot be read."""
    values: dict[str, Any] = {}
    start = (Variant(recipe=plan.recipe, set=plan.set),) if row.from_base else ()
    variants = (*start, data, *row.changes)
    complete = True
    for path in (path for variant in variants for path in variant.recipe):
        try:
            merge(values, read_values([folder / path if is_regular(folder / path) else path]))
        except ConfigError as error:
            complete = False
            for problem in error.problems:
                found.report(f"recipe {error.source}: {problem}", row.name)
        except AffektError as error:
            complete = False
            found.report(f"recipe: {error}", row.name)
    for variant in variants:
        merge(values, nested(variant.set))
    return values if complete else None


def _recipe(
    values: Mapping[str, Any], plan: Plan, fold: int | None, seed: int, row: str, found: Expansion
) -> Recipe | None:
    own = deepcopy(dict(values))
    if fold is not None:
        merge(own, {"split": {"scheme": "k_fold", "folds": plan.folds, "fold": fold}})
    for key, given in (("teacher", "teacher"), ("initial_weights", "weights")):
        if values.get(key):
            found.report(f"{key}: a plan names rows, as in {given} = ...; leave it out of the recipe", row)
    try:
        recipe = Recipe.from_values({**own, "seed": seed})
        labels = found.labels.get(data_key(recipe))
        return recipe if labels is None else with_classes(recipe, labels)
    except ConfigError as error:
        for problem in error.problems:
            found.report(problem, row)
        return None


def _referred(
    name: str,
    data: str,
    seed: int,
    fold: int | None,
    known: Mapping[tuple[str, str, int, int | None], Member],
) -> Member | None:
    """The member of a row that a member of this seed refers to."""
    own = known.get((name, data, seed, fold))
    if own:
        return own
    others = [it for it in known.values() if (it.row, it.data, it.fold) == (name, data, fold)]
    return others[0] if len(others) == 1 else None


def _folder(name: str, folder: Path) -> Path | None:
    """A folder of weights that a row names in place of another row."""
    return next((path for path in (folder / name, Path(name)) if is_folder(path)), None)
