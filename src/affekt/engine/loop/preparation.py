"""A pass over the training set before each epoch, where the objective asks for one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

from affekt.core.errors import AffektError
from affekt.engine.loading import SampleDataset, plain_loader, train_loader
from affekt.engine.loop.module import TrainingModule
from affekt.engine.objectives.hooks import PreparingObjective
from affekt.engine.randomness import PREPARATION, seed_torch

log = logging.getLogger(__name__)


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
        self._plain = plain_loader(train.plain(), module.recipe)

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
        module, recipe = self._module, self._module.recipe
        modes = {part: part.training for part in module.modules()}
        module.eval()
        seed_torch(recipe.seed, PREPARATION, epoch)
        try:
            with torch.no_grad(), self.trainer.precision_plugin.forward_context():
                found = self._objective.before_epoch(epoch, module.network, self._batches(module.model))
        finally:
            for part, training in modes.items():
                part.training = training
        return None if found is None else checked_numbers(found, len(self._train), epoch)

    def _batches(self, model: nn.Module) -> Iterator[dict[str, Any]]:
        device = next(model.parameters()).device
        for batch in self._plain:
            if self._module.can_use(batch):
                yield {
                    name: value.to(device) if isinstance(value, torch.Tensor) else value
                    for name, value in batch.items()
                }


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
