"""Several trainings of one recipe, with other seeds or on other folds: a study of one row.

Its networks are not evaluated: what is compared here are validation scores, on which epochs were selected.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from affekt.core.recipe import Recipe, options_from
from affekt.data.open import data_path, open_dataset
from affekt.engine.description import describe_data, limits_of_data
from affekt.engine.runs.run import Run
from affekt.engine.splits import part
from affekt.studies.outcome.summary import Score, score_of
from affekt.studies.plans.check import check_plan
from affekt.studies.plans.commands import Commands
from affekt.studies.plans.expand import Member
from affekt.studies.plans.plan import Plan, nested
from affekt.studies.plans.roots import Roots
from affekt.studies.running.same_data import SameData
from affekt.studies.running.schedule import OnChange, Progress, run_jobs
from affekt.studies.running.state import Finder
from affekt.studies.study import LOGS, STUDIES, Study, jobs_of, locked


@dataclass(frozen=True)
class Repeated:
    """The outcome of several trainings of one recipe.

    Attributes:
        runs: Those that are finished, with the members that they are of.
        scores: Validation scores of the selected epochs, by seed, or by fold if there is one seed.
        over: What the values of scores are of: `seed` or `fold`.
        tested: Number of test samples of all runs.
    """

    progress: Progress
    runs: tuple[tuple[Member, Run], ...]
    scores: Mapping[str, Score]
    over: str
    tested: int


def open_repeated(
    recipe: Sequence[Path | str],
    changes: Sequence[str],
    *,
    seeds: Sequence[int],
    folds: int | None,
    runs: Path,
    data_root: Path | None = None,
    weights: Sequence[Path] = (),
    teacher: Path | None = None,
    cache: Path | None = None,
    download: bool = False,
    accept_data: bool = False,
) -> Study:
    """The study of a recipe that is trained several times; everything is checked, nothing is run.

    Args:
        recipe, changes: As `Recipe.load` takes them.
        folds: Number of folds, each of which is trained with each seed; None leaves the parts as they are.

    Raises:
        ConfigError: Listing all problems.
        DataError: The data cannot be read, or runs of this recipe were trained on other data.
    """
    import tomli_w  # of the extra `train`

    first = Recipe.load(list(recipe), list(changes))
    own = nested(options_from(changes))
    if folds is not None:
        own.setdefault("split", {}).setdefault("test_share", 0.0)  # a fold is held out in its place
    row = {"tested": False, "weights": [str(one) for one in weights], "teacher": str(teacher or "")}
    values: dict[str, Any] = {
        "recipe": [str(path) for path in recipe],
        "set": own,
        "seeds": list(seeds),
        "members": {first.method: row},
        **({"folds": folds} if folds is not None else {}),
    }
    plan = Plan.model_validate(values)
    key = hashlib.sha256(json.dumps({**values, "seeds": []}, sort_keys=True).encode()).hexdigest()
    folder = runs / STUDIES / f"{first.method}-{first.data.name}-{key[:8]}"
    roots = Roots(data_path(data_root))
    found = check_plan(plan, Path(), roots, source=" + ".join(map(str, recipe)))
    finder = Finder(runs, plan.part)
    SameData(finder, roots, accept_data).check(found.members)
    return Study(
        folder / "plan.toml",
        plan,
        folder,
        roots,
        finder,
        found,
        Commands(),
        found.metrics,
        tomli_w.dumps(values),
        cache=cache,
        download=download,
        accept_data=accept_data,
    )


def describe_study(study: Study) -> list[str]:
    """What the first of its runs is trained on, as a single training says it."""
    recipe = study.found.members[0].recipe
    corpus = open_dataset(recipe.data.name, study.roots.of_data(recipe.data.name), recipe.data.options)
    parts = part(corpus.usable, recipe.split)
    return [*describe_data(recipe, corpus, parts), *limits_of_data(corpus, parts), *corpus.notes]


def run_repeated(study: Study, *, at_once: int = 1, on_change: OnChange = lambda state: None) -> Repeated:
    """Train what is not finished; a run that fails does not stop the others.

    Raises:
        UsageError: Another process trains these runs.
    """
    members = study.found.members
    with locked(study) as lock:
        progress = run_jobs(
            jobs_of(study, members), study.folder / LOGS, at_once=at_once, on_change=on_change, keep_open=lock
        )
    found = [(member, study.finder.run_of(member)) for member in members]
    done = tuple((member, run) for member, run in found if run is not None and run.result is not None)
    results = [(member, run.result or {}) for member, run in done]
    over = "seed" if len(study.plan.seeds) > 1 or not study.plan.folds else "fold"
    return Repeated(
        progress, done, _scores(results, over), over, sum(it["samples"]["test"] for _, it in results)
    )


def _scores(results: Sequence[tuple[Member, Mapping[str, Any]]], over: str) -> dict[str, Score]:
    """Validation scores by seed, as means over folds; or by fold, which then have no interval."""
    names = [name for name in (results[0][1]["validation"] if results else {})]
    places = [member.seed if over == "seed" else member.fold or 0 for member, _ in results]
    found: dict[str, Score] = {}
    for name in names:
        values: dict[int, list[float]] = {}
        for place, (_, result) in zip(places, results, strict=True):
            values.setdefault(place, []).append(float(result["validation"][name]))
        means = {place: sum(each) / len(each) for place, each in values.items()}
        score = score_of(name, means, None)
        # Folds share training samples: they are not independent, as seeds are.
        found[name] = score if over == "seed" else Score(name, means, score.deviation, None, None)
    return found
