"""What is known of the runs in a folder: state, scores and when they were trained. Reads no weights."""

from __future__ import annotations

import datetime
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from affekt.core.errors import AffektError, ConfigError
from affekt.core.files.sealed import MANIFEST
from affekt.core.recipe import Recipe
from affekt.engine.runs.folder import modalities_of
from affekt.engine.runs.looks import looks_at
from affekt.engine.runs.names import NamedRun, name_runs
from affekt.engine.runs.run import Run

_TEST_METRICS = (
    "uar",
    "map",
    "macro_f1",
    "accuracy",
)  # the first that an evaluation has, if not the selected


@dataclass(frozen=True)
class Score:
    """A score by the name of its metric."""

    metric: str
    value: float

    def __str__(self) -> str:
        return f"{self.metric} {self.value:.3f}"


@dataclass(frozen=True)
class RunSummary:
    """One run.

    Attributes:
        name: Short name, by which commands find the run; empty if its recipe cannot be read.
        fold: Which fold of a cross-validation its test part is; None without one.
        group: Name of all runs of its recipe: its seeds and folds.
        state: `finished`, or as in `epoch 3 of 30`.
        epoch: Complete epochs, of `epochs`.
        validation: Score of the selected epoch, by the metric that selects.
        test: Of the last evaluation on the test part of the data of the run.
        looks: How often it was evaluated on the test part of any data.
        when: When training last wrote to the folder, local time.
        reason: Why the folder cannot be read; empty if it can.
    """

    path: Path
    name: str
    when: datetime.datetime
    method: str = ""
    data: str = ""
    modalities: tuple[str, ...] = ()
    seed: int = 0
    fold: int | None = None
    state: str = ""
    epoch: int = 0
    epochs: int = 0
    validation: Score | None = None
    test: Score | None = None
    looks: int = 0
    reason: str = ""
    group: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        values = asdict(self) | {"path": str(self.path), "modalities": list(self.modalities)}
        return values | {"when": self.when.isoformat(timespec="seconds")}


def list_runs(runs: Path | str) -> list[RunSummary]:
    """All runs below a folder, the newest first; folders that cannot be read are listed with the reason."""
    return [_summary(named) for named in name_runs(Path(runs))]


def _summary(named: NamedRun) -> RunSummary:
    when = datetime.datetime.fromtimestamp(named.changed_s).astimezone()
    try:
        run = Run(named.path)
        recipe = run.recipe
        return RunSummary(
            named.path,
            named.name,
            when,
            method=recipe.method,
            data=recipe.data.name,
            modalities=modalities_of(recipe),
            seed=recipe.seed,
            fold=recipe.split.fold if recipe.split.scheme == "k_fold" else None,
            state=run.unfinished or "finished",
            epoch=run.epochs_done,
            epochs=recipe.train.epochs,
            validation=_validation_score(run, recipe),
            test=_test_score(run, recipe),
            looks=len(looks_at(run.path, "test")),
            group=named.group,
        )
    except (AffektError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return RunSummary(named.path, named.name, when, reason=_reason(named.path, error))


def _reason(path: Path, error: Exception) -> str:
    """Why a run folder cannot be read, on one line."""
    if not (path / "recipe.toml").is_file():
        return "it has no recipe.toml"
    if isinstance(error, ConfigError):
        return f"recipe.toml: {'; '.join(error.problems)}"
    return (
        " ".join(str(error).split())
        if isinstance(error, AffektError)
        else f"a file of it does not have the expected content ({type(error).__name__})"
    )


def _validation_score(run: Run, recipe: Recipe) -> Score | None:
    metric = recipe.selection.metric
    if run.result is not None:
        value = run.result["validation"].get(metric)
    elif run.best.exists():
        value = json.loads((run.best / MANIFEST).read_text(encoding="utf-8"))["metrics"].get(
            f"validation/{metric}"
        )
    else:
        value = None
    return None if value is None else Score(metric, float(value))


def _test_score(run: Run, recipe: Recipe) -> Score | None:
    """From the record of evaluations; those with other options or on other data do not count."""
    own = [
        look.scores
        for look in looks_at(run.path, "test")
        if look.data in ("", recipe.data.name) and not look.options
    ]
    if not own:
        return None
    known = [name for name in (recipe.selection.metric, *_TEST_METRICS) if name in own[-1]]
    return Score(known[0], float(own[-1][known[0]])) if known else None
