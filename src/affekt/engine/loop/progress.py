"""Progress of a run: one bar over all steps, with the remaining time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import lightning.pytorch as pl
from lightning.pytorch.callbacks import Callback
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def bar(what: str, *, shown: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar over work before training; yields a function of (done, total)."""
    if not shown:
        yield lambda done, total: None
        return
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


class RunProgress(Callback):
    """A bar on the console of rich, which prints log lines above it."""

    def __init__(self, metric: str) -> None:
        """Args:
        metric: The validation score that selects the epoch; it is shown.
        """
        self.metric = metric
        text, speed = TextColumn("{task.description}"), TextColumn("{task.fields[score]}")
        self.bar = Progress(text, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), speed)
        self.task = self.bar.add_task("training", score="")

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin at the complete epochs of a resumed run."""
        steps = int(trainer.num_training_batches)
        done = trainer.current_epoch * steps
        self.bar.update(self.task, total=(trainer.max_epochs or 0) * steps, completed=done)
        self.bar.start()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the epoch, counted from one."""
        self.bar.update(self.task, description=f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}")

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Advance the bar by one step."""
        self.bar.advance(self.task)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the validation score."""
        score = trainer.callback_metrics.get(f"validation/{self.metric}")
        self.bar.update(self.task, score="" if score is None else f"{shown(self.metric)} {float(score):.3f}")

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the bar; it stays on the screen."""
        self.bar.stop()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Stop the bar, which restores the terminal."""
        self.bar.stop()


def shown(metric: str) -> str:
    """A metric as it is usually written.

    Example:
        >>> shown("uar"), shown("map"), shown("accuracy")
        ('UAR', 'mAP', 'accuracy')
    """
    return {"uar": "UAR", "map": "mAP"}.get(metric, metric.replace("_", " "))
