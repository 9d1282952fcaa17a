"""A plan: the experiments of a study in one TOML file.

    title = "Fusion on walkers"
    recipe = ["base.toml"]                  # files as `affekt train` takes them, or beside the plan
    set = {train = {epochs = 5}}            # changes, as tables or as dotted keys: "train.epochs" = 5
    seeds = [0, 1, 2]
    folds = 5                               # cross-validation: each member is trained once a fold
    metrics = ["uar", "accuracy"]           # of the table; by default those of the task
    against = "base"                        # the row that others are tested against; "all" tests each pair

    [ablations]                             # one change at a time from the base
    "narrow" = {set = {config = {width = 4}}}

    [grid]                                  # rows are the cross product of all axes
    "optimizer.lr" = [1e-3, 1e-4]
    fusion = {mean = {recipe = ["fusion/mean.toml"]}, moe = {recipe = ["fusion/moe.toml"]}}

    [data]                                  # the same rows on several data sets
    meld = {recipe = ["dataset/meld-emotion.toml"]}

    [members]                               # rows with names, which may refer to each other
    teacher = {recipe = ["teacher.toml"], seeds = [0], shown = false}
    student = {recipe = ["student.toml"], teacher = "teacher", weights = ["teacher"]}

    [commands]                              # plain command lines, run in order
    "T" = ["affekt train dataset/meld-emotion.toml encoders/T.toml --set seed=1"]

    [search]                                # by Optuna, on validation only
    trials = 20
    space = {"optimizer.lr" = {low = 1e-5, high = 1e-2, log = true}, "config.width" = {choices = [4, 8]}}

Where the data lie is not part of a plan: `--data-root` or AFFEKT_DATA says it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PositiveInt, ValidationError, model_validator

from affekt.core.errors import ConfigError
from affekt.core.files.toml import read_toml
from affekt.core.recipe import merge
from affekt.core.settings import Settings, validate

Seed = Annotated[int, Field(ge=0, lt=2**32)]
ALL = "all"


class Variant(Settings):
    """What a row changes.

    Attributes:
        recipe: Files that are merged after those of the base, in order.
        set: Changes after all files.
        teacher: The row whose network this one learns from.
        weights: Rows from whose weights this one starts.
    """

    recipe: tuple[str, ...] = ()
    set: dict[str, Any] = Field(default_factory=dict)
    teacher: str = ""
    weights: tuple[str, ...] = ()


class MemberSettings(Variant):
    """A row with a name of its own.

    Attributes:
        seeds: Its seeds, if not those of the plan. A row that refers to it takes the run of its own seed, or
            the only one.
        from_base: Whether it starts from the base recipe of the plan.
        shown: Whether it is a row of the table; a stage that only others refer to need not be.
        tested: Whether its networks are evaluated; false only trains them.
    """

    seeds: tuple[Seed, ...] = ()
    from_base: bool = True
    shown: bool = True
    tested: bool = True


class Range(Settings):
    """The values of a setting that a search may choose.

    Attributes:
        choices: All of them; or
        low, high: ends of a range, both included, of whole numbers if both are whole.
        log: Draw evenly on a logarithmic scale.
    """

    choices: tuple[Any, ...] = ()
    low: int | float | None = None
    high: int | float | None = None
    log: bool = False

    @model_validator(mode="after")
    def _is_complete(self) -> Range:
        if bool(self.choices) == (self.low is not None or self.high is not None):
            raise ValueError("give either choices, or low and high")
        if not self.choices:
            if self.low is None or self.high is None or self.low >= self.high:
                raise ValueError("low must be below high")
            if self.log and self.low <= 0:
                raise ValueError("log needs a range above 0")
        return self


class SearchSettings(Settings):
    """A search of settings by Optuna, on validation samples. The test part is not used.

    Attributes:
        trials: Number of runs.
        space: Values of each setting, by dotted keys.
        at_once: Trials that are chosen before the next results are known; they can run in parallel.
        seed: Of the sampler.
    """

    trials: PositiveInt
    space: dict[str, Range] = Field(min_length=1)
    at_once: PositiveInt = 1
    seed: int = 0


class Plan(Settings):
    """A plan as its file states it; see the module's docstring.

    Attributes:
        title: Title of the table.
        recipe: Recipe files of all rows, merged in order.
        set: Changes of all rows, after the files.
        seeds: A row is trained once for each seed.
        folds: Number of folds of a cross-validation; each member is trained once a fold.
        part: The part of the data that the table is about.
        metrics: Columns of the table; by default those of the task.
        against: The row that others are tested against; `all` tests each pair.
        data: The same rows on several data sets.
        grid: Axes whose cross product is the rows.
        ablations: Rows with one change each.
        members: Rows with names, which may refer to each other.
        commands: Command lines by the name of their row, run in order.
        search: A search of settings.
    """

    title: str = ""
    recipe: tuple[str, ...] = ()
    set: dict[str, Any] = Field(default_factory=dict)
    seeds: tuple[Seed, ...] = Field(default=(0,), min_length=1)
    folds: int | None = Field(default=None, ge=2)
    part: Literal["test", "validation"] = "test"
    metrics: tuple[str, ...] = ()
    against: str = ""
    data: dict[str, Variant] = Field(default_factory=dict)
    grid: dict[str, dict[str, Variant]] = Field(default_factory=dict)
    ablations: dict[str, Variant] = Field(default_factory=dict)
    members: dict[str, MemberSettings] = Field(default_factory=dict)
    commands: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    search: SearchSettings | None = None

    @model_validator(mode="before")
    @classmethod
    def _name_values(cls, values: Any) -> Any:
        """An axis of the grid may be a list of values of the setting that it is called after."""
        grid = values.get("grid") if isinstance(values, Mapping) else None
        if not isinstance(grid, Mapping):
            return values
        named = {key: _variants(key, axis) if isinstance(axis, list) else axis for key, axis in grid.items()}
        return {**values, "grid": named}


def _variants(key: str, values: Sequence[Any]) -> dict[str, Any]:
    shown = [f"{value:g}" if isinstance(value, float) else str(value) for value in values]
    return {f"{key}={text}": {"set": {key: value}} for text, value in zip(shown, values, strict=True)}


def read_plan(path: Path) -> tuple[Plan | None, list[str]]:
    """A plan, and all problems of its form.

    What is wrong is left out of the plan, so that the rest can be checked as well; None if nothing is left.

    Raises:
        ConfigError: The file cannot be read, or is not TOML.
    """
    values = read_toml(path)
    plan, problems = validate(Plan, values)
    while plan is None:
        try:
            plan = Plan.model_validate(values)
        except ValidationError as error:
            before = deepcopy(values)
            for entry in error.errors():
                _leave_out(values, entry["loc"])
            if values == before:
                return None, problems
    return plan, problems


def _leave_out(values: dict[str, Any], place: Sequence[int | str]) -> None:
    """Remove the innermost table entry that a place leads to."""
    inner: Any = values
    last: tuple[dict[str, Any], str] | None = None
    for part in place:
        if isinstance(inner, dict) and part in inner:
            last = (inner, str(part))
            inner = inner[part]
        else:
            break
    if last is not None:
        last[0].pop(last[1], None)


def nested(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Changes as nested tables; their own keys may be dotted, those of tables in them are kept.

    Example:
        >>> nested({"train.epochs": 3, "train": {"batch_size": 8}})
        {'train': {'epochs': 3, 'batch_size': 8}}
    """
    values: dict[str, Any] = {}
    for key, value in changes.items():
        inner: Any = deepcopy(value)
        for part in reversed(key.split(".")):
            inner = {part: inner}
        merge(values, inner)
    return values


def name_of_plan(path: Path) -> str:
    """Name of the folder of a study: that of its file.

    Raises:
        ConfigError: The file has no name of its own.
    """
    if not path.stem.strip("."):
        raise ConfigError(str(path), ["a plan needs a file name, which names the folder of its results"])
    return path.stem
