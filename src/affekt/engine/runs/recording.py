"""After each epoch: a row of metrics, a checkpoint, and whether training continues."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Checkpoint

from affekt.core.errors import AffektError, ConfigError, DataError
from affekt.core.recipe import SelectionSettings
from affekt.engine.runs.run import Run
from affekt.engine.store.objects import Store

log = logging.getLogger(__name__)

# Validation scores in the line of an epoch, if the task has them: name, text, decimal places.
_PRINTED = (
    ("loss", "validation loss", 4),
    ("accuracy", "accuracy", 3),
    ("uar", "UAR", 3),
    ("map", "mAP", 3),
    ("recall", "recall", 3),
    ("ccc", "CCC", 3),
    ("mae", "absolute error", 3),
)


class EpochRecorder(Checkpoint):
    """Writes the results of each epoch. It has no state: the best epoch is found in the rows."""

    def __init__(
        self,
        run: Run,
        document: dict[str, Any],
        selection: SelectionSettings,
        metrics: Mapping[str, int],
        *,
        keep_all: bool,
        store: Store,
    ) -> None:
        """Args:
        store: Holds the weights of the checkpoints.
        metrics: Scores of the task and their directions, as `Task.metrics`.
        document: What the manifest of each checkpoint states about the network.
        """
        self.run, self.document, self.selection, self.keep_all = run, document, selection, keep_all
        self.metrics, self.store = metrics, store
        self.rows = run.metrics()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the row, then the checkpoint: after a kill in between, the epoch is trained again."""
        metrics = {name: float(value) for name, value in sorted(trainer.callback_metrics.items())}
        epoch = trainer.current_epoch + 1
        if "train/loss" not in metrics:
            raise DataError("none of the training items could be read: the reasons are above")
        self.rows.append({"epoch": epoch, "step": trainer.global_step, "lr": _rate(trainer), **metrics})
        if not math.isfinite(metrics["train/loss"]):
            raise AffektError(
                f"the training loss is {metrics['train/loss']} in epoch {epoch}: try a lower optimizer.lr, "
                "train.clip_norm = 1.0 or a warm-up; the last good checkpoint is kept"
            )
        if f"validation/{self.selection.metric}" not in metrics:
            known = [name.removeprefix("validation/") for name in metrics if name.startswith("validation/")]
            raise ConfigError(
                "recipe",
                [
                    f"selection.metric = {self.selection.metric!r} is not a score of this validation: "
                    f"take one of {', '.join(known)}"
                ],
            )
        best = best_epoch(self.rows, self.selection, self.metrics)
        if trainer.is_global_zero:
            self.run.write_metrics(self.rows)
        document = {**self.document, "epoch": epoch, "metrics": metrics}
        trainer.save_checkpoint(self.run.checkpoints / f"epoch-{epoch}", storage_options=document)
        if trainer.is_global_zero:
            dropped = self.run.link("best", epoch) if best == epoch else set[str]()
            dropped |= self.run.link("last", epoch)
            if not self.keep_all:
                dropped |= self.run.prune()
            self.store.drop(dropped)
        log.info("%s", summary(self.rows[-1], trainer.max_epochs or 0))
        if self.selection.patience is not None and epoch - best >= self.selection.patience:
            log.info("%s did not improve since epoch %d: stopping", self.selection.metric, best)
            trainer.should_stop = True


def best_epoch(rows: list[dict[str, Any]], selection: SelectionSettings, metrics: Mapping[str, int]) -> int:
    """The first epoch with the best validation score, or the last epoch if the recipe keeps that.

    Args:
        metrics: Scores of the task, +1 where higher is better and -1 where lower is. Of any other score, a
            term of an objective that validates itself, lower is better.
    """
    if selection.last_epoch:
        return rows[-1]["epoch"]
    sign = metrics.get(selection.metric, -1)
    return max(rows, key=lambda row: (sign * row[f"validation/{selection.metric}"], -row["epoch"]))["epoch"]


def summary(row: dict[str, Any], epochs: int) -> str:
    """The line of an epoch in the log."""
    scores = [
        f"{words} {row[f'validation/{name}']:.{places}f}"
        for name, words, places in _PRINTED
        if f"validation/{name}" in row
    ]
    return "  ".join([f"epoch {row['epoch']}/{epochs}", f"train loss {row['train/loss']:.4f}", *scores])


def _rate(trainer: pl.Trainer) -> float:
    return float(trainer.optimizers[0].param_groups[0]["lr"])
