"""A recipe: one experiment as TOML, checked as a whole before training starts."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PositiveFloat, PositiveInt, model_validator

from affekt.core import catalog
from affekt.core.errors import AffektError, ConfigError, UsageError
from affekt.core.files.toml import read_toml
from affekt.core.labels import LabelSet
from affekt.core.recipe_files import recipe_file
from affekt.core.settings import Settings, differing, suggest, validate

# Of the rule by which a digest is made. A default whose value changes needs a new version: recipes that leave
# it out would keep their digest and mean something else.
PYTORCH = "pytorch"  # the framework that computes a network unless a recipe names another one
DIGEST_VERSION = 2
# The rule of `train.weight_average`. It enters the digest of recipes that average weights, so that a run that
# began with another rule (a constant decay) is not continued with this one.
_AVERAGING = "growing decay"


class DataSettings(Settings):
    """The data set by name; its folder is given by `--data-root` or AFFEKT_DATA, not by the recipe.

    Attributes:
        name: The data set, a name of `affekt datasets`.
        options: Options of the data set; `affekt datasets NAME` lists them.
    """

    name: str
    options: dict[str, Any] = Field(default_factory=dict)


class SplitSettings(Settings):
    """How samples are split into training, validation and test part. No two parts share a known subject.

    `native` keeps the test part of the data set; `k_fold` makes fold `fold` of `folds` the test part. If the
    data set has no validation part, one is taken from the training part.

    Attributes:
        scheme: Where the parts come from: `native` keeps the test part of the data set, `k_fold` makes one of
            `folds` groups of subjects (of samples, if subjects are not known) the test part.
        folds: Number of folds of `k_fold`.
        fold: The fold that is the test part, counted from 0.
        validation_share: Share of the training part that becomes the validation part if the data set has
            none.
        seed: Of the draw of the parts. It is separate from the recipe's `seed`, so that trainings with
            several seeds share their parts.
        validate_on_test: Select the epoch on the test part, as some references do, and train on all other
            samples. The test scores are then optimistic; the run and its evaluations state this.
        test_share: Share of the samples that is held out as the test part if the data set has none;
            stratified by label, subjects are kept whole. 0 holds out nothing.
        keep_stated_test: With `test_share`: a test part that the data state is kept and nothing else is held
            out. Otherwise such data are refused.
    """

    scheme: Literal["native", "k_fold"] = "native"
    folds: int = Field(default=5, ge=2)
    fold: int = Field(default=0, ge=0)
    validation_share: float = Field(default=0.15, gt=0, lt=1)
    seed: int = 0
    validate_on_test: bool = False
    test_share: float = Field(default=0.0, ge=0, lt=1)
    keep_stated_test: bool = False

    @model_validator(mode="after")
    def _fold_exists(self) -> SplitSettings:
        if self.test_share and self.scheme == "k_fold":
            raise ValueError(
                "k_fold already holds out a fold as the test part: leave out test_share, or set it to 0"
            )
        if self.fold >= self.folds:
            raise ValueError(
                f"fold {self.fold} does not exist among {self.folds} folds (folds are counted from 0)"
            )
        return self


class SAMSettings(Settings):
    """Sharpness-aware minimisation: two forward and backward passes on each batch.

    Attributes:
        rho: Length of the ascent step.
        adaptive: Scale the ascent step by the weights.
        statistics: `once` updates the running statistics of batch norm and the state of the objective, such
            as pools of features, in the first pass only; `twice` also in the pass with the perturbed weights,
            as implementations without special handling do.
    """

    rho: PositiveFloat = 0.05
    adaptive: bool = False
    statistics: Literal["once", "twice"] = "once"


class OptimizerSettings(Settings):
    """The optimizer, by its usual name and arguments; `sam` can wrap any of them.

    Attributes:
        name: The rule of the update: `adam`, `adamw` (weight decay apart from the gradient) or `sgd`.
        lr: Learning rate.
        weight_decay: Factor of weight decay; 0 decays nothing.
        momentum: Momentum of `sgd`.
        nesterov: Nesterov's form of the momentum of `sgd`.
        betas: Decay rates of the running means of the gradient and of its square, for `adam` and `adamw`.
        rates: Factors on the learning rate of parts of the network, as in `{"audio": 10.0}`. A part is the
            beginning of parameter names (`encoders.T`), or a pattern with `*` (`*.lora_*`); of
            several that fit a parameter the first one counts.
        decays: Weight decay of parts of the network, in place of `weight_decay`; parts as in `rates`.
        decay_all: Decay biases and the parameters of norms as well: all parameters with one axis.
        fused: Update all parameters in one operation, which is faster for networks with large tables of
            embeddings; results are equal up to rounding.
    """

    name: Literal["adam", "adamw", "sgd"] = "adamw"
    lr: PositiveFloat = 1e-3
    weight_decay: float = Field(default=0.0, ge=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    nesterov: bool = False
    betas: tuple[float, float] = (0.9, 0.999)
    rates: dict[str, PositiveFloat] = Field(default_factory=dict)
    decays: dict[str, Annotated[float, Field(ge=0)]] = Field(default_factory=dict)
    decay_all: bool = True
    fused: bool = False
    sam: SAMSettings | None = None

    @model_validator(mode="after")
    def _fits(self) -> OptimizerSettings:
        if self.name != "sgd" and (self.momentum or self.nesterov):
            raise ValueError(f"momentum and nesterov belong to sgd, not to {self.name}")
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum")
        return self


class ScheduleSettings(Settings):
    """Learning rate over time, as a factor on `optimizer.lr`; counted in epochs, updated at each step.

    `exponential` multiplies by `factor` each epoch, `step` at each of `milestones`; `cosine` and `linear`
    decay to `floor` at the last epoch. Each of them can begin with a linear warm-up from 0 over
    `warmup_epochs`.

    Attributes:
        name: The form of the decay.
        factor: What `exponential` and `step` multiply by.
        milestones: Epochs at which `step` multiplies.
        floor: The factor that `cosine` and `linear` end with.
        warmup_epochs: Epochs of the linear warm-up; may be a fraction.
    """

    name: Literal["constant", "exponential", "step", "cosine", "linear"] = "constant"
    factor: float = Field(default=0.98, gt=0, le=1)
    milestones: tuple[PositiveInt, ...] = ()
    floor: float = Field(default=0.0, ge=0, le=1)
    warmup_epochs: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _fits(self) -> ScheduleSettings:
        if self.name == "step" and not self.milestones:
            raise ValueError("step needs milestones: the epochs at which the learning rate is multiplied")
        return self


class LossSettings(Settings):
    """Options of the task's loss, which the engine passes to a method's objective.

    Attributes:
        name: Which of the task's losses (`Task.losses`), such as `mse`, `l1` or `ccc` for ratings; the task's
            usual one if not given. Further heads of a network have the usual one of their task.
        label_smoothing: Share of the target that is spread evenly over all classes.
        class_weights: Factor of each class in the loss: `none`, `balanced` (inverse to the frequency in the
            training part), or a table with a number for every class.
    """

    name: str | None = None
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    class_weights: Literal["none", "balanced"] | dict[str, PositiveFloat] = "none"


class SelectionSettings(Settings):
    """Which epoch is kept: the best one by a validation metric, or the last one.

    `map` is a metric of localization: mean average precision over tIoU thresholds. The others are metrics of
    labels.

    Attributes:
        metric: A metric of the task on the validation part, such as `uar`, `accuracy`,
            `weighted_f1`, `ccc` or `map`.
        patience: The run ends after this number of epochs without improvement of the metric.
        last_epoch: Keep the last epoch regardless of its validation score. With a few dozen validation
            samples and a learning rate that decays to 0, the best of many epochs is largely chance.
    """

    metric: str = Field(default="uar", min_length=1)
    patience: PositiveInt | None = None
    last_epoch: bool = False

    @model_validator(mode="after")
    def _fits(self) -> SelectionSettings:
        if self.last_epoch and self.patience is not None:
            raise ValueError("patience is based on the best epoch: it does not go with last_epoch")
        return self


def _text_of_number(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class TrainSettings(Settings):
    """The training loop. `accelerator`, `devices` and `strategy` are options of Lightning.

    Attributes:
        epochs: Passes over the training part.
        batch_size: Samples of a batch.
        precision: `32` computes in float32, `bf16-mixed` and `16-mixed` in 16 bits where that is safe.
        accumulate: Batches whose gradients are added up before an update.
        clip_norm: Largest norm of the gradient; longer ones are shortened to it. 0 does not clip.
        sampler: `shuffle` visits every sample once an epoch; `balanced` draws with replacement, so that all
            classes are equally frequent.
        drop_last: Leave out the last batch of an epoch if it is smaller than the others.
        bucket_batches: Number of batches within which samples are sorted by length, so that a batch has
            little padding; the batches are visited in random order. 0 does not sort; media that all have
            one length are not sorted.
        workers: Processes that prepare batches.
        threads: Threads of PyTorch; by default as many as it chooses.
        channels_last: Memory format of images and convolutions; faster on most processors.
        cached_views: For networks with a frozen backbone: the backbone computes the features of this number
            of views of each training sample once, before the first epoch, and the epochs use the views in
            turn. 0 caches nothing; 1 is right if training views do not vary.
        deterministic: Use reproducible operations only; where there is none, training ends with an error.
        weight_average: Decay of an exponential moving average of weights and batch statistics, updated after
            each step; validation and checkpoints use the average. The decay grows to this value during the
            first steps (`engine.loop.averaging`). 0 does not average.
        accelerator: What computes: `cpu`, `gpu`, or `auto`.
        devices: Number of devices, or `auto`.
        strategy: How several devices share the work, such as `ddp`.
        keep: Checkpoints that stay in the run folder.
    """

    epochs: PositiveInt = 10
    batch_size: PositiveInt = 32
    # A number is what `--set train.precision=32` gives.
    precision: Annotated[Literal["32", "bf16-mixed", "16-mixed"], BeforeValidator(_text_of_number)] = "32"
    accumulate: PositiveInt = 1
    clip_norm: float = Field(default=0.0, ge=0)
    sampler: Literal["shuffle", "balanced"] = "shuffle"
    drop_last: bool = False
    bucket_batches: int = Field(default=0, ge=0)
    workers: int = Field(default=0, ge=0)
    threads: PositiveInt | None = None
    channels_last: bool = False
    cached_views: int = Field(default=0, ge=0)
    deterministic: bool = True
    weight_average: float = Field(default=0.0, ge=0, lt=1)
    accelerator: str = "auto"
    devices: int | str = "auto"
    strategy: str = "auto"
    keep: Literal["best and last", "all"] = "best and last"


class Recipe(Settings):
    """One experiment, complete.

    Attributes:
        method: The method, a name of `affekt methods`; `-` and `_` are the same.
        data: The data set.
        seed: Of the weights at the start, the order of samples and augmentation.
        config: Fields of the method's config.
        framework: What computes the network in training: `pytorch`, or a folder of `affekt.frameworks`.
        initial_weights: First 16 digits of the SHA-256 of each set of weights that the network starts from.
            `train` fills them in; the folders are given by `--weights`, not by the recipe.
        teacher: First 16 digits of the SHA-256 of the weights of the network that this one learns from.
            `train` fills it in from `--teacher`; empty without a teacher.

    Example:
        >>> recipe = Recipe.from_values({"method": "bpm-gcn", "data": {"name": "walkers"}})
        >>> recipe.method, recipe.train.batch_size
        ('bpm_gcn', 32)
    """

    method: str
    data: DataSettings
    seed: int = Field(default=0, ge=0, lt=2**32)
    config: dict[str, Any] = Field(default_factory=dict)
    split: SplitSettings = SplitSettings()
    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    loss: LossSettings = LossSettings()
    selection: SelectionSettings = SelectionSettings()
    train: TrainSettings = TrainSettings()
    framework: str = PYTORCH
    initial_weights: tuple[str, ...] = ()
    teacher: str = ""

    @model_validator(mode="after")
    def _sam_fits(self) -> Recipe:
        if self.optimizer.sam and self.train.accumulate > 1:
            raise ValueError(
                "optimizer.sam makes two passes over one batch in each step: it does not go with "
                "train.accumulate; set train.batch_size instead"
            )
        if self.optimizer.sam and self.train.precision == "16-mixed":
            raise ValueError(
                "optimizer.sam does not go with the loss scaling of train.precision = '16-mixed': "
                "use 'bf16-mixed' or '32'"
            )
        return self

    @model_validator(mode="after")
    def _fused_fits(self) -> Recipe:
        if self.optimizer.fused and self.train.precision == "16-mixed":
            raise ValueError(
                "optimizer.fused does not go with the loss scaling of train.precision = '16-mixed': use "
                "'bf16-mixed' or '32'"
            )
        return self

    @classmethod
    def load(cls, paths: Path | str | Sequence[Path | str], overrides: Sequence[str] = ()) -> Recipe:
        """Merge TOML files in order, then `a.b=c` overrides, and check the result.

        Args:
            paths: One or several files; recipes of a method by name, as in `bpm_gcn/emotion_gait`; or parts
                that come with affekt, as in `encoders/T.toml` (`affekt.core.recipe_files`).

        Raises:
            ConfigError: Listing all problems of all files.
        """
        paths = [paths] if isinstance(paths, str | Path) else paths
        values = read_values(paths)
        source = " + ".join(str(path) for path in paths)
        merge(values, options_from(overrides))
        return cls.from_values(values, source=source + (" with --set" if overrides else ""))

    @classmethod
    def from_values(cls, values: Mapping[str, Any], *, source: str = "recipe") -> Recipe:
        """A recipe from plain values.

        Raises:
            ConfigError: Listing all problems.
        """
        recipe, problems = validate(cls, values)
        if "method" not in values and "data" in values:
            hint = "name a method, or a part that does, such as encoders/T.toml (affekt recipes lists parts)"
            problems = [
                f"{line}; {hint}" if line.startswith("method: missing") else line for line in problems
            ]
        problems += _check_names(values)
        if recipe is None or problems:
            raise ConfigError(source, problems)
        return recipe.model_copy(update={"method": catalog.canonical(recipe.method)})

    def digest(self) -> str:
        """SHA-256 of what differs from the defaults, without the seed, as canonical JSON.

        Runs that differ in their seed alone share it. A field that is added later with a default does not
        change it. Values of the method's config and of the data set's options count as they are validated:
        one that is equal to its default leaves no trace.
        """
        values = differing(self)
        values.pop("seed", None)
        name = catalog.canonical(self.data.name)
        options = _changed_values(lambda: catalog.dataset(name).options, self.data.options)
        config = _changed_values(lambda: catalog.method(self.method).load("config"), self.config)
        values |= {"version": DIGEST_VERSION, "data": {"name": name, "options": options}, "config": config}
        if self.train.weight_average:
            values["train"]["averaging"] = _AVERAGING
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _changed_values(model_of: Callable[[], type[Settings]], values: dict[str, Any]) -> dict[str, Any]:
    """What of `values` differs from the defaults of a model; all of it if the model is not known."""
    try:
        model = validate(model_of(), values)[0]
    except AffektError:  # the package that brings the method or the data set is not installed
        return values
    return values if model is None else differing(model)


def read_values(paths: Sequence[Path | str]) -> dict[str, Any]:
    """Plain values of TOML files, merged in order; paths as in `Recipe.load`.

    Raises:
        ConfigError: A file cannot be read, or is not TOML.
        UsageError: No part of recipes has this name.
    """
    values: dict[str, Any] = {}
    for path in map(recipe_file, paths):
        merge(values, read_toml(path))
    return values


def options_from(overrides: Sequence[str]) -> dict[str, Any]:
    """Plain values from `key=value` texts, as given to `--set`.

    Example:
        >>> options_from(["walkers=3", "name=a"])
        {'walkers': 3, 'name': 'a'}
    """
    values: dict[str, Any] = {}
    for text in overrides:
        merge(values, _override(text))
    return values


def _check_names(values: Mapping[str, Any]) -> list[str]:
    """Problems of the method's config, of the data set's options, and of the two together."""
    problems: list[str] = []
    config, labels = None, None
    try:
        if isinstance(values.get("method"), str):
            method = catalog.method(values["method"])
            config, found = validate(method.load("config"), _table(values, "config"), prefix="config.")
            problems += found
    except AffektError as error:
        problems.append(f"method: {error}")
    if config is not None and "num_classes" not in config.model_fields_set:
        config = None  # the number is that of the data set: `with_classes`
    framework = values.get("framework", PYTORCH)
    if isinstance(framework, str) and framework != PYTORCH and framework not in catalog.list_frameworks():
        known = [PYTORCH, *catalog.list_frameworks()]
        problems.append(f"framework = {framework!r}: there is no such framework; {suggest(framework, known)}")
    data = values.get("data")
    try:
        if isinstance(data, Mapping) and isinstance(data.get("name"), str):
            adapter = catalog.dataset(data["name"])
            labels = adapter.labels
            problems += validate(adapter.options, _table(data, "options"), prefix="data.options.")[1]
    except AffektError as error:
        problems.append(f"data.name: {error}")
    return problems + check_classes(config, labels)


def _table(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The table of a key; empty if the value is not a table, which the check of the recipe reports."""
    found = values.get(key, {})
    return found if isinstance(found, Mapping) else {}


def check_classes(config: Settings | None, labels: LabelSet | None) -> list[str]:
    """A problem if the network and the data set differ in their number of classes."""
    classes = getattr(config, "num_classes", None)
    if labels is None or classes is None or len(labels) in (0, classes):
        return []
    return [
        f"config.num_classes is {classes}, the data set has {len(labels)} classes: "
        f"set num_classes = {len(labels)}, or name a {classes}-class data set"
    ]


def with_classes(recipe: Recipe, labels: LabelSet) -> Recipe:
    """The recipe with the number of classes of its data set, where it leaves `config.num_classes` open.

    A recipe that states another number is returned as it is: `check_classes` reports it. The digest of a
    recipe that leaves out the default number stays the same.

    Args:
        labels: Of the data set as it was read; empty if it has no labels.

    Example:
        >>> recipe = Recipe.from_values({"method": "compact_face", "data": {"name": "images"}})
        >>> with_classes(recipe, LabelSet.of("calm", "tense")).config
        {'num_classes': 2}
    """
    fields = catalog.method(recipe.method).load("config").model_fields
    if "num_classes" not in fields or "num_classes" in recipe.config or not len(labels):
        return recipe
    return recipe.model_copy(update={"config": {**recipe.config, "num_classes": len(labels)}})


def merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    """Merge `more`, which has precedence, into plain values; tables are merged key by key."""
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def _override(text: str) -> dict[str, Any]:
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or "\n" in value.strip():
        raise ConfigError("--set", [f"{text!r}: write it as a.b=value"])
    try:
        parsed = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()  # a bare word is a string: --set optimizer.name=sgd
    except (ValueError, OverflowError, RecursionError):
        raise ConfigError("--set", [f"{text[:80]!r}: not a value of TOML"]) from None
    *outer, last = key.strip().split(".")
    values: dict[str, Any] = {last: parsed}
    for part in reversed(outer):
        values = {part: values}
    return values


def as_recipe(given: object) -> Recipe:
    """A recipe, given as it is or as files to read.

    Raises:
        ConfigError: A file cannot be read, or the recipe has problems.
        UsageError: `given` is neither a recipe nor a path, a name or a sequence of these.
    """
    if isinstance(given, Recipe):
        return given
    if isinstance(given, str | os.PathLike):
        return Recipe.load([Path(given)])
    paths = (
        [one for one in given if isinstance(one, str | os.PathLike)] if isinstance(given, Sequence) else []
    )
    if paths and isinstance(given, Sequence) and len(paths) == len(given):
        return Recipe.load([Path(path) for path in paths])
    raise UsageError(
        "train takes a Recipe, the path or name of a recipe, or a list of these; "
        f"found {type(given).__name__}: Recipe.from_values makes a recipe of plain values"
    )
