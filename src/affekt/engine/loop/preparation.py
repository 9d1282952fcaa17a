"""Passes over the training set, where the objective asks for them: before an epoch and before validation."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from lightning.pytorch.plugins.precision import Precision
from torch.utils.data import DataLoader

from affekt.core.errors import AffektError
from affekt.engine.loading import SampleDataset, plain_loader, train_loader
from affekt.engine.loop.module import TrainingModule
from affekt.engine.objectives.hooks import PreparingObjective, ReviewingObjective
from affekt.engine.randomness import PREPARATION, seed_torch

log = logging.getLogger(__name__)


class TrainingPass:
    """All training samples as batches, with the network in eval mode and without gradient."""

    def __init__(self, module: TrainingModule, train: SampleDataset) -> None:
        self._module = module
        self._loader = plain_loader(train.plain(), module.recipe, by_length=True)

    @contextmanager
    def batches(self, epoch: int, precision: Precision) -> Iterator[Iterator[dict[str, Any]]]:
        """Batches on the network's device; random draws are those of the epoch."""
        module = self._module
        modes = {part: part.training for part in module.modules()}
        module.eval()
        seed_torch(module.recipe.seed, PREPARATION, epoch)
        try:
            with torch.no_grad(), precision.forward_context():
                yield self._on_device()
        finally:
            for part, training in modes.items():
                part.training = training

    def _on_device(self) -> Iterator[dict[str, Any]]:
        device = next(self._module.model.parameters()).device
        for batch in self._loader:
            if self._module.can_use(batch):
                yield {
                    name: value.to(device) if isinstance(value, torch.Tensor) else value
                    for name, value in batch.items()
                }


class Review(pl.Callback):
    """Calls `ReviewingObjective.before_validation`, after weight averaging has exchanged the weights."""

    def __init__(self, passes: TrainingPass) -> None:
        self._passes = passes

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Before the first batch of validation."""
        assert isinstance(pl_module, TrainingModule)
        objective = pl_module.objective
        if isinstance(objective, ReviewingObjective):
            with self._passes.batches(trainer.current_epoch, trainer.precision_plugin) as batches:
                objective.before_validation(pl_module.model, pl_module.network, batches)


class PreparedLoaders(pl.LightningDataModule):
    """Loaders of which the one for training is made anew for each epoch, by `PreparingObjective`.

    Lightning asks for it before each epoch with `reload_dataloaders_every_n_epochs=1`, and
    once before a resumed run knows its epoch.
    """

    def __init__(
        self,
        module: TrainingModule,
        objective: PreparingObjective,
        train: SampleDataset,
        validation: DataLoader[Any],
        *,
        first_epoch: int,
    ) -> None:
        """Args:
        first_epoch: The epoch with which training begins or goes on, counted from 0.
        """
        super().__init__()
        self._module, self._objective = module, objective
        self._train, self._validation, self._first = train, validation, first_epoch
        self._passes = TrainingPass(module, train)

    def train_dataloader(self) -> DataLoader[Any]:
        """Batches of the samples that the epoch visits."""
        assert self.trainer is not None
        epoch = self.trainer.current_epoch
        if epoch < self._first:  # a resumed run, whose epoch is not read yet: this loader is not used
            return train_loader(self._train, self._module.recipe, epoch=epoch)
        return train_loader(self._train, self._module.recipe, visited=self._visited(epoch), epoch=epoch)

    def val_dataloader(self) -> DataLoader[Any]:
        """Batches of validation samples."""
        return self._validation

    def _visited(self, epoch: int) -> np.ndarray | None:
        assert self.trainer is not None
        module = self._module
        with self._passes.batches(epoch, self.trainer.precision_plugin) as batches:
            epochs = module.recipe.train.epochs
            found = self._objective.before_epoch(epoch, module.network, batches, epochs=epochs)
        return None if found is None else checked_numbers(found, len(self._train), epoch)


def checked_numbers(found: np.ndarray, samples: int, epoch: int) -> np.ndarray:
    """Numbers of samples, in order.

    Raises:
        AffektError: There are none, some are repeated, or they are not numbers of samples.
    """
    numbers = np.sort(np.asarray(found))
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or not len(numbers):
        raise AffektError(
            f"before_epoch of epoch {epoch} has to return at least one sample number in an array of integers "
            f"(n,), found {numbers.dtype} {numbers.shape}"
        )
    if numbers[0] < 0 or numbers[-1] >= samples or (np.diff(numbers) == 0).any():
        raise AffektError(
            f"before_epoch of epoch {epoch} has to return different numbers of 0 to {samples - 1}, found "
            f"{numbers[0]} to {numbers[-1]}{', some repeated' if (np.diff(numbers) == 0).any() else ''}"
        )
    log.info("epoch %d visits %d of %d samples", epoch + 1, len(numbers), samples)
    return numbers
