"""Lightning's trainer as a recipe wants it, and what it may say."""

from __future__ import annotations

import logging
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning.pytorch as pl
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger

from affekt.core.errors import ConfigError
from affekt.core.recipe import Recipe
from affekt.engine.averaging import RunningWeightAverage
from affekt.engine.progress import RunProgress
from affekt.engine.recording import EpochRecorder
from affekt.engine.run import Run
from affekt.engine.stopping import StopRequest
from affekt.engine.weights.checkpoint import FolderCheckpointIO


def make_trainer(
    run: Run,
    recipe: Recipe,
    recorder: EpochRecorder,
    request: StopRequest,
    *,
    progress: bool,
    reload: bool = False,
) -> pl.Trainer:
    """The trainer of a run.

    Args:
        request: Whether a signal asks the training to stop.
        reload: Whether each epoch has a loader of its own.

    Raises:
        ConfigError: The machine cannot do what the recipe asks for.
    """
    options = recipe.train
    callbacks: list[Callback] = [_StopCheck(request), recorder]
    if options.weight_average:
        callbacks.append(RunningWeightAverage(options.weight_average))
    if progress:
        callbacks.append(RunProgress(recipe.selection.metric))
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
            reload_dataloaders_every_n_epochs=int(reload),
            use_distributed_sampler=False,  # the sampler parts itself
            log_every_n_steps=1,
        )
    except UserWarning:
        advice = "train.precision = '16-mixed' needs a GPU: use 'bf16-mixed' or '32' on a processor"
        raise ConfigError("recipe", [advice]) from None
    except (MisconfigurationException, ValueError) as error:
        raise ConfigError("recipe", [f"train: {error}"]) from None


class _StopCheck(Callback):
    """Ends a training at the next batch where a signal came and its exception was lost on the way."""

    def __init__(self, request: StopRequest) -> None:
        self.request = request

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Lightning has just put its own handler of SIGTERM in place, which lets a process end with 0."""
        self.request.install()

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """After each step."""
        self.request.check()

    def on_validation_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *args: Any, **kwargs: Any
    ) -> None:
        """After each batch of validation."""
        self.request.check()


def end_processes(trainer: pl.Trainer) -> None:
    """End the other processes of a distributed training; they may wait for this one in vain."""
    kill = getattr(trainer.strategy.launcher, "kill", None)
    if kill is not None:
        kill(signal.SIGKILL)


@contextmanager
def logging_to(run: Run) -> Iterator[logging.Handler]:
    """Everything affekt says goes to `log.txt`; Lightning's small talk goes nowhere.

    Yields the handler of the file, for what is to stand there alone.
    """
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
            yield handler
    finally:
        house.removeHandler(handler)
        lightning.setLevel(level)
        handler.close()
