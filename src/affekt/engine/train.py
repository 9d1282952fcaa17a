"""`train`: one recipe, one run folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import ConfigError, UsageError
from affekt.core.files.sealed import read_sealed
from affekt.core.method import Method
from affekt.core.recipe import Recipe, as_recipe, check_classes
from affekt.core.sample import Localizing, Preprocess
from affekt.core.settings import Settings
from affekt.data.left_out import kinds_of
from affekt.data.open import open_dataset
from affekt.engine.criterion import WeightedCrossEntropy, class_weights
from affekt.engine.features.cache import cache_root
from affekt.engine.features.filling import cached
from affekt.engine.finish import finish
from affekt.engine.loading import SampleDataset, plain_loader, train_loader
from affekt.engine.module import TrainingModule
from affekt.engine.progress import bar
from affekt.engine.randomness import INITIAL_WEIGHTS, seed_torch
from affekt.engine.recording import EpochRecorder
from affekt.engine.run import Run, check_free, environment
from affekt.engine.run_data import RunData, data_of_run, nothing_held_out
from affekt.engine.scoring import ClassScorer, Scorer, SegmentScorer
from affekt.engine.splits import Parts
from affekt.engine.stopping import Begun, StopRequest, StopSignal, stop_requests
from affekt.engine.trainer import end_processes, logging_to, make_trainer
from affekt.engine.weights.checkpoint import training_weights
from affekt.engine.weights.initial import Weights, check_start, name_weights, read_weights, start_from

log = logging.getLogger(__name__)


def train(
    recipe: Recipe | Path | str | Sequence[Path | str],
    *,
    data_root: Path | str | None = None,
    weights: Sequence[Path | str] = (),
    runs: Path | str = "runs",
    cache: Path | str | None = None,
    resume: bool = False,
    accept_data: bool = False,
    progress: bool = True,
) -> Run:
    """Train what a recipe says and return its run folder.

    The test part is never looked at: epochs are selected and confidences calibrated on validation samples.

    Args:
        recipe: A recipe, or what `Recipe.load` reads: a file, the name of a recipe that comes with a method,
            as in `compact_face/fer2013`, or a sequence of these, merged in order.
        data_root: Where the data set lies; AFFEKT_DATA if not given.
        weights: Folders that the network starts from, made by `convert` or by another training. A run that
            is resumed does not need them.
        runs: Folder that holds all runs.
        cache: Folder that holds features of frozen backbones, where the recipe has `train.cached_views`;
            AFFEKT_CACHE if not given, else `cache` beside `runs`.
        resume: Continue a run that was stopped or killed; the end is the same, bit for bit.
        accept_data: With `resume`: go on although the data are not those that the run began with. Known
            samples keep their parts, new ones follow their subject or the split that the data state, and are
            trained on otherwise; the run's `data.json` and `result.json` record the change.
        progress: Show a progress bar.

    Raises:
        AffektError: The run exists and `resume` was not asked for, or training diverged.
        ConfigError: The recipe does not fit the data, the machine or the weights.
        DataError: The data set cannot be read, or is not the one that the run began with.
        TrainingStopped: SIGINT or SIGTERM ended the training early; `resume` continues it.
        UsageError: `recipe` is none of these.

    Example:
        >>> run = train("recipes/gait.toml", data_root="data/emotion_gait")  # doctest: +SKIP
    """
    recipe = as_recipe(recipe)
    if accept_data and not resume:
        raise UsageError("accept_data continues a run on other data: it goes with resume")
    with stop_requests() as request:
        state = Begun(recipe)
        try:
            corpus = open_corpus(recipe, data_root)
            given = read_weights(weights)
            recipe = name_weights(recipe, given)
            run = state.run = Run.place(Path(runs), recipe, catalog.dataset(recipe.data.name).modalities)
            if resume and run.result is not None and _is_first_process():
                log.warning("%s is finished already: nothing is trained", run.path)
                return run
            if not run.last.exists():
                check_start(recipe, given, catalog.method(recipe.method))
            if not resume and _is_first_process():
                check_free(run)
            data = data_of_run(run, recipe, corpus, data_path(data_root), accept=accept_data)
            if _is_first_process():
                if warning := nothing_held_out(recipe, data.parts):
                    log.warning("%s", warning)
                run.start(recipe)
                if data.is_new:
                    data.identity.write(run.path)
            with logging_to(run) as file, state.logged(file):
                _fit(
                    run,
                    recipe,
                    corpus,
                    data,
                    given,
                    cache_root(cache, Path(runs)),
                    request,
                    progress=progress,
                )
                request.check()
        except (StopSignal, SystemExit) as stop:
            if not request.signum:
                raise
            if not _is_first_process():  # the first process reports
                raise SystemExit(128 + request.signum) from stop
            raise state.stopped(request.signum) from None
    return run


def open_corpus(recipe: Recipe, data_root: Path | str | None) -> Corpus:
    """The data of a recipe, checked against its network.

    Raises:
        ConfigError: The network has another number of classes.
        DataError: The data set cannot be read.
    """
    corpus = open_dataset(recipe.data.name, data_path(data_root), recipe.data.options)
    config = catalog.method(recipe.method).make_config(recipe.config)
    problems = check_classes(config, corpus.labels)
    if problems:
        raise ConfigError(f"recipe for {recipe.method} on {recipe.data.name}", problems)
    check_task(recipe, corpus)
    return corpus


def check_task(recipe: Recipe, corpus: Corpus) -> None:
    """Refuse a method, or a score to select by, that does not fit what the data set asks for.

    Raises:
        ConfigError: Listing what does not fit.
    """
    method = catalog.method(recipe.method)
    localizes = isinstance(method.load("preprocess")(method.make_config(recipe.config)), Localizing)
    problems: list[str] = []
    if localizes and corpus.task != "localization":
        problems.append(f"{recipe.method} finds segments, of which {recipe.data.name} knows none")
    if corpus.task == "localization" and not localizes:
        problems.append(f"{recipe.data.name} asks for segments, which {recipe.method} does not find")
    if not problems and (recipe.selection.metric == "map") != localizes:
        choice = "map" if localizes else "uar"
        problems.append(
            f"selection.metric = {recipe.selection.metric!r} is no score of this task: take {choice!r}"
        )
    if problems:
        raise ConfigError(f"recipe for {recipe.method} on {recipe.data.name}", problems)


def data_path(data_root: Path | str | None) -> Path | None:
    """Where data lies: what the caller says, or AFFEKT_DATA."""
    root = data_root or os.environ.get("AFFEKT_DATA")
    return Path(root) if root else None


def _is_first_process() -> bool:
    """Whether this process makes the folder; the others of a distributed run find it made."""
    return int(os.environ.get("LOCAL_RANK", "0")) == 0 and int(os.environ.get("NODE_RANK", "0")) == 0


def _fit(
    run: Run,
    recipe: Recipe,
    corpus: Corpus,
    data: RunData,
    given: Sequence[Weights],
    cache: Path,
    request: StopRequest,
    *,
    progress: bool,
) -> None:
    method, parts = catalog.method(recipe.method), data.parts
    config = method.make_config(recipe.config)
    measured = None
    if data.identity.accepted and run.last.exists():  # weights go with what was measured before the change
        measured = read_sealed(run.last, kind="checkpoint").document["preprocessing"]
    datasets, preprocess, state = make_datasets(recipe, method, config, corpus, parts, measured)
    weights = class_weights(recipe.loss, datasets["train"].targets, corpus.labels)
    model = make_network(recipe, method, config)
    module = TrainingModule(
        model,
        method.load("objective")(
            config, WeightedCrossEntropy(recipe.loss, corpus.task, weights, corpus.labels)
        ),
        preprocess.spec.names,
        recipe,
        make_scorer(corpus, preprocess, parts),
    )
    document = {
        "method": recipe.method,
        "config": config.model_dump(mode="json"),
        "labels": corpus.labels.model_dump(mode="json"),
        "task": corpus.task,
        "preprocessing": state,
        "data": recipe.data.model_dump(mode="json"),
        "data_identity": data.identity.document(),
        "environment": environment(),
    }
    recorder = EpochRecorder(run, document, recipe.selection, keep_all=recipe.train.keep == "all")
    resume_from = _resume_point(run, recorder)
    if resume_from is None:
        start_from(model, given, method)
    if recipe.train.cached_views:
        if resume_from is not None:  # the trainer loads all the rest later; features are of these weights
            model.load_state_dict(training_weights(run.last))
        with bar("features", shown=progress) as show:
            datasets, _ = cached(
                datasets, recipe, method, model, config=config, state=state, root=cache, on_item=show
            )
    module.train()  # Lightning leaves modes as they are; a network may keep a part of itself from training
    trainer = make_trainer(run, recipe, recorder, request, progress=progress)
    counts = len(parts.train), len(parts.validation), len(parts.test)
    log.info("%d training, %d validation and %d test samples, %s", *counts, run.path)
    if corpus.skipped:
        first, left = corpus.skipped[0], len(corpus.skipped)
        kinds = kinds_of(corpus.skipped)
        log.warning(
            "left out: %d of the data set, such as %s: %s; by kind: %s", left, first.id, first.reason, kinds
        )
    for problem in corpus.problems:
        log.warning("%s", problem)
    try:
        trainer.fit(
            module,
            train_loader(datasets["train"], recipe),
            plain_loader(datasets["validation"], recipe),
            ckpt_path=resume_from,
        )
    except (StopSignal, SystemExit):
        end_processes(trainer)
        raise
    request.check()
    if trainer.is_global_zero:
        finish(run, recipe, corpus, parts, data.identity)


def make_datasets(
    recipe: Recipe,
    method: Method,
    config: Settings,
    corpus: Corpus,
    parts: Parts,
    measured: Mapping[str, Any] | None = None,
) -> tuple[Mapping[str, SampleDataset], Preprocess, dict[str, Any]]:
    """Samples for training and validation, their preprocessing, and what it measured on the training part.

    Args:
        measured: What it measured when the run began, where that is not to be measured again.
    """
    state = dict(method.load("preprocess")(config).fit(parts.train) if measured is None else measured)
    preprocess = method.load("preprocess")(config, state)
    datasets = {
        "train": SampleDataset(parts.train, preprocess, corpus.labels, corpus.task, seed=recipe.seed),
        "validation": SampleDataset(parts.validation, preprocess, corpus.labels, corpus.task, seed=None),
    }
    return datasets, preprocess, state


def make_scorer(corpus: Corpus, preprocess: Preprocess, parts: Parts) -> Scorer:
    """What validation is scored by."""
    if isinstance(preprocess, Localizing):
        return SegmentScorer(parts.validation, preprocess, corpus.labels)
    return ClassScorer(corpus.task)


def make_network(recipe: Recipe, method: Method, config: Settings) -> nn.Module:
    """The network as a run begins with it, before any weights are loaded."""
    if recipe.train.threads:
        torch.set_num_threads(recipe.train.threads)
    seed_torch(recipe.seed, INITIAL_WEIGHTS)
    model = method.load("model")(config)
    return model.to(memory_format=torch.channels_last) if recipe.train.channels_last else model


def _resume_point(run: Run, recorder: EpochRecorder) -> str | None:
    """The last complete epoch; rows of epochs that were not completed are forgotten."""
    if not run.last.exists():
        recorder.rows = []
        return None
    done = read_sealed(run.last, kind="checkpoint").document["epoch"]
    recorder.rows = [row for row in recorder.rows if row["epoch"] <= done]
    log.info("continuing after epoch %d", done)
    return str(run.last)
