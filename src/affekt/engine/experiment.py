"""A resolved experiment: recipe, method, config, data, parts and preprocessing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from affekt.core import catalog
from affekt.core.claims import network as claims
from affekt.core.claims.network import CheckpointDocument, read_document
from affekt.core.dataset import Corpus
from affekt.core.errors import ConfigError, UsageError
from affekt.core.files.assets import read_assets
from affekt.core.files.sealed import Sealed
from affekt.core.labels import LabelSet
from affekt.core.method import Method
from affekt.core.recipe import Recipe, check_classes, with_classes
from affekt.core.sample import Preprocess, Sample
from affekt.core.settings import ChecksLabels, Settings, closest, resolve
from affekt.core.task import Task
from affekt.data.open import data_path, open_dataset
from affekt.engine.loading import SampleDataset
from affekt.engine.objectives.criterion import WeightedLoss
from affekt.engine.randomness import INITIAL_WEIGHTS, seed_torch
from affekt.engine.splits import Parts


@dataclass(frozen=True)
class Experiment:
    """A recipe, and everything that it refers to.

    Attributes:
        state: Statistics that preprocessing measured on the training part.
        assets: Files that preprocessing needs, by name.
    """

    recipe: Recipe
    method: Method
    config: Settings
    corpus: Corpus
    parts: Parts
    preprocess: Preprocess
    state: Mapping[str, Any]
    assets: Mapping[str, bytes]

    @classmethod
    def of(
        cls,
        recipe: Recipe,
        corpus: Corpus,
        parts: Parts,
        *,
        config: Settings | None = None,
        state: Mapping[str, Any] | None = None,
        assets: Mapping[str, bytes] | None = None,
    ) -> Experiment:
        """The experiment of a recipe on data that are split.

        Args:
            config, state, assets: As they were when a run started: the method's config with all that it
                refers to, and what preprocessing was fitted to. Made now if None.
        """
        method = catalog.method(recipe.method)
        if config is None:
            config = resolve(method.make_config(recipe.config))
        fitted = method.fit_preprocess(config, parts.train, state=state, assets=assets)
        return cls(recipe, method, config, corpus, parts, *fitted)

    @property
    def task(self) -> Task:
        """The task of the data."""
        return self.corpus.task

    @property
    def labels(self) -> LabelSet:
        """Names of the outputs."""
        return self.corpus.labels

    def datasets(self) -> dict[str, SampleDataset]:
        """Samples for training, with random views, and for validation."""

        def prepared(samples: list[Sample], seed: int | None) -> SampleDataset:
            return SampleDataset(samples, self.preprocess, self.labels, self.task, seed=seed)

        return {
            "train": prepared(self.parts.train, self.recipe.seed),
            "validation": prepared(self.parts.validation, None),
        }

    def network(self) -> nn.Module:
        """The network with its initial random weights."""
        return make_network(self.recipe, self.method, self.config)

    def document(self) -> dict[str, Any]:
        """Description of the experiment in each checkpoint."""
        return {
            "method": self.recipe.method,
            "config": self.config.model_dump(mode="json"),
            "labels": self.labels.model_dump(mode="json"),
            "task": self.task.document(),
            "preprocessing": dict(self.state),
            "data": self.recipe.data.model_dump(mode="json"),
        }


def make_objective(
    recipe: Recipe,
    task: Task,
    labels: LabelSet,
    weight: Tensor | None = None,
    *,
    config: Settings | None = None,
) -> nn.Module:
    """The objective of a recipe.

    Args:
        weight: Of each class in the loss; all the same if not given.
        config: The method's config with all that it refers to; that of the recipe if not given.
    """
    method = catalog.method(recipe.method)
    loss = WeightedLoss(recipe.loss, task, weight, labels)
    return method.load("objective")(config or method.make_config(recipe.config), loss)


def objective_kind(recipe: Recipe, task: Task, labels: LabelSet) -> Any:
    """What can be asked for the optional methods of an objective (`objectives.hooks`): its class.

    Where the method names a function, an objective that it makes. A class is not called: the recipe's config
    may still refer to an encoder by its name, so that sizes are not known.
    """
    part = catalog.method(recipe.method).load("objective")
    return part if isinstance(part, type) else make_objective(recipe, task, labels)


def make_network(recipe: Recipe, method: Method, config: Settings) -> nn.Module:
    """The network of a recipe with its initial random weights."""
    if recipe.train.threads:
        torch.set_num_threads(recipe.train.threads)
    seed_torch(recipe.seed, INITIAL_WEIGHTS)
    model = method.load("model")(config)
    return model.to(memory_format=torch.channels_last) if recipe.train.channels_last else model


def preprocess_of(sealed: Sealed) -> Preprocess:
    """The preprocessing that a checkpoint states.

    Raises:
        FolderError: Its manifest holds impossible values.
    """
    document = read_document(CheckpointDocument, sealed.document, sealed.path)
    return claims.preprocess_of(document, read_assets(sealed), sealed.path)


class Opened(NamedTuple):
    """A recipe with the number of classes of its data, and the data."""

    recipe: Recipe
    corpus: Corpus


def open_corpus(recipe: Recipe, data_root: Path | str | None) -> Corpus:
    """The data of a recipe alone, checked as `open_data` does."""
    return open_data(recipe, data_root).corpus


def open_data(recipe: Recipe, data_root: Path | str | None) -> Opened:
    """The data of a recipe, checked against its method; the recipe gets what it leaves to the data.

    Raises:
        ConfigError: The network has another number of classes, or the method does not serve the data's task.
        DataError: The data set cannot be read.
    """
    corpus = open_dataset(recipe.data.name, data_path(data_root), recipe.data.options)
    recipe = with_classes(recipe, corpus.labels)
    if problems := misfits(recipe, corpus):
        raise ConfigError(f"recipe for {recipe.method} on {recipe.data.name}", problems)
    return Opened(recipe, corpus)


def misfits(recipe: Recipe, corpus: Corpus) -> list[str]:
    """Why a recipe does not fit its data, a sentence each; empty if it does."""
    config = catalog.method(recipe.method).make_config(recipe.config)
    problems = [*check_classes(config, corpus.labels), *_check_task(recipe, corpus)]
    if isinstance(config, ChecksLabels):
        problems += config.problems_with(has_several=corpus.task.has_several)
    return problems


def _check_task(recipe: Recipe, corpus: Corpus) -> list[str]:
    """A problem if the method does not serve the task, or the task lacks the metric that selects."""
    task = corpus.task
    served = catalog.method(recipe.method).tasks
    if not task.is_served(served):
        return [f"{recipe.data.name} asks for {task.name}; {recipe.method} serves {', '.join(served)}"]
    asked = [
        name
        for name, value in (
            ("loss.label_smoothing", recipe.loss.label_smoothing),
            ("loss.class_weights", recipe.loss.class_weights != "none"),
            ("train.sampler", recipe.train.sampler == "balanced"),
        )
        if value
    ]
    if asked and not task.has_classes:
        return [f"{', '.join(asked)}: {task.name} has no classes"]
    try:
        task.loss_of(recipe.loss.name)
    except UsageError as error:
        return [str(error)]
    metric = recipe.selection.metric
    if metric not in task.metrics:
        if hasattr(objective_kind(recipe, task, corpus.labels), "validate"):
            return []  # it may be one of its terms, whose names validation shows
        return [
            f"selection.metric = {metric!r} is not a score of {task.name}: use {task.selects_by!r}, "
            f"or one of {', '.join(task.metrics)}{closest(metric, task.metrics)}"
        ]
    return []
