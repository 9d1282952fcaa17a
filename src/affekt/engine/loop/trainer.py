"""Lightning's trainer with the options of a recipe, and its log messages."""

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
from affekt.engine.loop.averaging import RunningWeightAverage
from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
from affekt.engine.loop.progress import RunProgress
from affekt.engine.loop.stopping import StopRequest
from affekt.engine.runs.recording import EpochRecorder
from affekt.engine.runs.run import Run


def make_trainer(
    run: Run,
    recipe: Recipe,
    recorder: EpochRecorder,
    request: StopRequest,
    *,
    checkpoints: FolderCheckpointIO,
    progress: bool,
    reload: bool = False,
    review: Callback | None = None,
) -> pl.Trainer:
    """The trainer of a run.

    Args:
        checkpoints: How checkpoints are written and read.
        request: Whether a signal has requested the training to stop.
        reload: Whether each epoch has a loader of its own.
        review: Called before each validation.

    Raises:
        ConfigError: The machine does not support an option of the recipe.
    """
    options = recipe.train
    callbacks: list[Callback] = [_StopCheck(request), recorder]
    if options.weight_average:
        callbacks.append(RunningWeightAverage(options.weight_average))
    if review is not None:  # after the exchange of averaged weights
        callbacks.append(review)
    if progress:
        callbacks.append(RunProgress(recipe.selection.metric))
    try:
        # Lightning would only warn and use another precision; here it is an error of the recipe.
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
            plugins=[checkpoints],
            logger=TensorBoardLogger(run.path, name="", version="events"),
            default_root_dir=run.path,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            reload_dataloaders_every_n_epochs=int(reload),
            use_distributed_sampler=False,  # the sampler splits itself
            log_every_n_steps=1,
        )
    except UserWarning:
        advice = "train.precision = '16-mixed' needs a GPU: use 'bf16-mixed' or '32' on a CPU"
        raise ConfigError("recipe", [advice]) from None
    except (MisconfigurationException, ValueError) as error:
        raise ConfigError("recipe", [f"train: {error}"]) from None


class _StopCheck(Callback):
    """Ends a training at the next batch if a signal arrived and its exception was lost."""

    def __init__(self, request: StopRequest) -> None:
        self.request = request

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Replace Lightning's handler of SIGTERM, installed just before, which lets a process exit with 0."""
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
    """End the other processes of a distributed training, which would wait for this one forever."""
    kill = getattr(trainer.strategy.launcher, "kill", None)
    if kill is not None:
        kill(signal.SIGKILL)


@contextmanager
def logging_to(run: Run) -> Iterator[logging.Handler]:
    """Write log messages of affekt to the run's `log.txt`; messages of Lightning below warnings are dropped.

    Yields the handler of the file, for messages that are written there only.
    """
    handler = logging.FileHandler(run.path / "log.txt")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    own, lightning = logging.getLogger("affekt"), logging.getLogger("lightning.pytorch")
    level = lightning.level
    own.addHandler(handler)
    own.setLevel(logging.INFO)
    lightning.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            # The recipe sets the number of loader workers.
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*Checkpoint directory .* exists and is not empty.*")
            # A batch without any readable item is skipped.
            warnings.filterwarnings("ignore", message=".*`training_step` returned `None`.*")
            # A frozen part stays in evaluation mode during training.
            warnings.filterwarnings("ignore", message=".*module.s. in eval mode at the start of training.*")
            # Lightning still calls a helper that torch has renamed.
            warnings.filterwarnings("ignore", message=".*isinstance.treespec, LeafSpec.*")
            yield handler
    finally:
        own.removeHandler(handler)
        lightning.setLevel(level)
        handler.close()
