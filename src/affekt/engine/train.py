"""`train`: one recipe, one run folder."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import lightning.pytorch as pl
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging
from lightning.pytorch.loggers import TensorBoardLogger

from affekt.core import catalog
from affekt.core.dataset import Corpus
from affekt.core.errors import ConfigError
from affekt.core.recipe import Recipe, check_classes
from affekt.core.sealed import read_sealed
from affekt.engine.checkpoint import FolderCheckpointIO
from affekt.engine.criterion import Criterion, class_weights
from affekt.engine.finish import finish
from affekt.engine.initial import Weights, check_start, name_weights, read_weights, start_from
from affekt.engine.loading import SampleDataset, plain_loader, train_loader
from affekt.engine.module import TrainingModule
from affekt.engine.progress import RunProgress
from affekt.engine.randomness import INITIAL_WEIGHTS, seed_torch
from affekt.engine.recording import EpochRecorder
from affekt.engine.run import Run, check_free, environment
from affekt.engine.splits import Parts, check_parts, part

log = logging.getLogger(__name__)


def train(
    recipe: Recipe,
    *,
    data_root: Path | str | None = None,
    weights: Sequence[Path | str] = (),
    runs: Path | str = "runs",
    resume: bool = False,
    progress: bool = True,
) -> Run:
    """Train what a recipe says and return its run folder.

    The test part is never looked at: epochs are selected and confidences calibrated on validation samples.

    Args:
        data_root: Where the data set lies; AFFEKT_DATA if not given.
        weights: Folders that the network starts from, made by `convert` or by another training. A run that
            is resumed does not need them.
        runs: Folder that holds all runs.
        resume: Continue a run that was stopped or killed; the end is the same, bit for bit.
        progress: Show a progress bar.

    Raises:
        AffektError: The run exists and `resume` was not asked for, or training diverged.
        ConfigError: The recipe does not fit the data, the machine or the weights.
        DataError: The data set cannot be read.

    Example:
        >>> from affekt.core.recipe import Recipe
        >>> run = train(Recipe.load(["recipes/gait.toml"]), data_root="data/emotion_gait")  # doctest: +SKIP
    """
    corpus = open_corpus(recipe, data_root)
    parts = part(corpus.samples, recipe.split)
    check_parts(parts)
    given = read_weights(weights)
    recipe = name_weights(recipe, given)
    run = Run.place(Path(runs), recipe, catalog.dataset(recipe.data.name).modalities)
    if not run.last.exists():
        check_start(recipe, given, catalog.method(recipe.method))
    if _is_first_process():
        if not resume:
            check_free(run)
        elif run.result is not None:
            log.info("%s is finished already", run.path)
            return run
        run.start(recipe)
    with _logging(run):
        _fit(run, recipe, corpus, parts, given, progress=progress)
    return run


def open_corpus(recipe: Recipe, data_root: Path | str | None) -> Corpus:
    """The data of a recipe, checked against its network.

    Raises:
        ConfigError: The network has another number of classes.
        DataError: The data set cannot be read.
    """
    corpus = catalog.dataset(recipe.data.name).open(data_path(data_root), recipe.data.options)
    config = catalog.method(recipe.method).make_config(recipe.config)
    problems = check_classes(config, corpus.labels)
    if problems:
        raise ConfigError(f"recipe for {recipe.method} on {recipe.data.name}", problems)
    return corpus


def data_path(data_root: Path | str | None) -> Path | None:
    """Where data lies: what the caller says, or AFFEKT_DATA."""
    root = data_root or os.environ.get("AFFEKT_DATA")
    return Path(root) if root else None


def _is_first_process() -> bool:
    """Whether this process makes the folder; the others of a distributed run find it made."""
    return int(os.environ.get("LOCAL_RANK", "0")) == 0 and int(os.environ.get("NODE_RANK", "0")) == 0


def _fit(
    run: Run, recipe: Recipe, corpus: Corpus, parts: Parts, given: Sequence[Weights], *, progress: bool
) -> None:
    room = catalog.method(recipe.method)
    config = room.make_config(recipe.config)
    state = room.load("preprocess")(config).fit(parts.train)
    preprocess = room.load("preprocess")(config, state)
    datasets = {
        "train": SampleDataset(parts.train, preprocess, corpus.labels, corpus.task, seed=recipe.seed),
        "validation": SampleDataset(parts.validation, preprocess, corpus.labels, corpus.task, seed=None),
    }
    weights = class_weights(recipe.loss, datasets["train"].targets, corpus.labels)
    if recipe.train.threads:
        torch.set_num_threads(recipe.train.threads)
    seed_torch(recipe.seed, INITIAL_WEIGHTS)
    model = room.load("model")(config)
    if recipe.train.channels_last:
        model = model.to(memory_format=torch.channels_last)
    module = TrainingModule(
        model,
        room.load("objective")(config, Criterion(recipe.loss, corpus.task, weights)),
        preprocess.spec.names,
        recipe,
        corpus.task,
    )
    document = {
        "method": recipe.method,
        "config": config.model_dump(mode="json"),
        "labels": corpus.labels.model_dump(mode="json"),
        "task": corpus.task,
        "preprocessing": state,
        "data": recipe.data.model_dump(mode="json"),
        "environment": environment(),
    }
    recorder = EpochRecorder(run, document, recipe.selection, keep_all=recipe.train.keep == "all")
    resume_from = _resume_point(run, recorder)
    if resume_from is None:
        start_from(module.model, given, room)
    module.train()  # Lightning leaves modes as they are; a network may keep a part of itself from training
    trainer = _make_trainer(run, recipe, recorder, progress=progress)
    log.info("%d training and %d validation samples, %s", len(parts.train), len(parts.validation), run.path)
    trainer.fit(
        module,
        train_loader(datasets["train"], recipe),
        plain_loader(datasets["validation"], recipe),
        ckpt_path=resume_from,
    )
    if trainer.is_global_zero:
        finish(run, recipe, corpus, parts)


def _resume_point(run: Run, recorder: EpochRecorder) -> str | None:
    """The last complete epoch; rows of epochs that were not completed are forgotten."""
    if not run.last.exists():
        recorder.rows = []
        return None
    done = read_sealed(run.last, kind="checkpoint").document["epoch"]
    recorder.rows = [row for row in recorder.rows if row["epoch"] <= done]
    log.info("continuing after epoch %d", done)
    return str(run.last)


def _make_trainer(run: Run, recipe: Recipe, recorder: EpochRecorder, *, progress: bool) -> pl.Trainer:
    options = recipe.train
    callbacks: list[Callback] = [recorder]
    if options.weight_average:
        callbacks.append(EMAWeightAveraging(decay=options.weight_average))
    if progress:
        callbacks.append(RunProgress())
    try:
        # What Lightning would quietly replace by another precision is a mistake in the recipe.
        warnings.filterwarnings("error", message=".*AMP with fp16 is not supported on CPU.*")
        return pl.Trainer(
            max_epochs=options.epochs,
            precision=options.precision,
            accumulate_grad_batches=options.accumulate,
            gradient_clip_val=options.clip_norm or None,
            deterministic=options.deterministic,
            accelerator=options.accelerator,
            devices=options.devices,
            strategy=options.strategy,
            callbacks=callbacks,
            plugins=[FolderCheckpointIO()],
            logger=TensorBoardLogger(run.path, name="", version="events"),
            default_root_dir=run.path,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,  # the sampler parts itself
            log_every_n_steps=1,
        )
    except UserWarning:
        advice = "train.precision = '16-mixed' needs a GPU: use 'bf16-mixed' or '32' on a processor"
        raise ConfigError("recipe", [advice]) from None
    except (MisconfigurationException, ValueError) as error:
        raise ConfigError("recipe", [f"train: {error}"]) from None


@contextmanager
def _logging(run: Run) -> Iterator[None]:
    """Everything affekt says goes to `log.txt`; Lightning's small talk goes nowhere."""
    handler = logging.FileHandler(run.path / "log.txt")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    house, lightning = logging.getLogger("affekt"), logging.getLogger("lightning.pytorch")
    level = lightning.level
    house.addHandler(handler)
    house.setLevel(logging.INFO)
    lightning.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # Loader workers are the recipe's choice, and small data sets have fewer batches than log steps.
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists and is not empty.*")
            # A batch of nothing but broken items is passed over.
            warnings.filterwarnings("ignore", message=".*`training_step` returned `None`.*")
            # A frozen part answers as it always does, in training too.
            warnings.filterwarnings("ignore", message=".*module.s. in eval mode at the start of training.*")
            # Lightning still calls a helper that torch has renamed.
            warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
            yield
    finally:
        house.removeHandler(handler)
        lightning.setLevel(level)
        handler.close()
