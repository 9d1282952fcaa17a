"""Batches of samples for training and validation: order, views, targets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from affekt.core.errors import MediaError
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe
from affekt.core.sample import Preprocess, Sample, Skipped
from affekt.core.spec import InputSpec, TensorSpec
from affekt.core.task import Task
from affekt.engine.randomness import ORDER, VIEW, generator


@dataclass(frozen=True, slots=True)
class Draw:
    """One sample in one epoch."""

    index: int
    epoch: int


class SampleDataset(Dataset[dict[str, np.ndarray] | Skipped]):
    """Preprocessed samples; a training view depends on (seed, epoch, index) only, not on the process."""

    def __init__(
        self,
        samples: Sequence[Sample],
        preprocess: Preprocess,
        labels: LabelSet,
        task: Task,
        *,
        seed: int | None,
    ) -> None:
        """Args:
        seed: Seed of the training views; None for views without augmentation.
        """
        self.samples, self.preprocess, self.seed = list(samples), preprocess, seed
        self.labels, self.task = labels, task
        self._of_item: dict[int, dict[str, np.ndarray]] = {}
        self.targets = torch.from_numpy(task.targets(samples, labels))

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, draw: Draw | int) -> dict[str, np.ndarray] | Skipped:
        """Inputs and targets of one sample; `number` is its index among the samples."""
        index, epoch = (draw.index, draw.epoch) if isinstance(draw, Draw) else (draw, 0)
        try:
            arrays = self.arrays(index, epoch)
            return {**arrays, **self._targets(index, arrays), "number": np.array(index)}
        except MediaError as error:  # the epoch continues without a broken file
            return Skipped(self.samples[index].id, str(error))

    def arrays(self, index: int, epoch: int) -> dict[str, np.ndarray]:
        """The view of a sample in an epoch.

        Raises:
            MediaError: The sample cannot be read.
        """
        rng = None if self.seed is None else generator(self.seed, VIEW, epoch, index)
        return self.preprocess.spec.complete(self.preprocess(self.samples[index], rng=rng))

    def _targets(self, index: int, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if index not in self._of_item:  # the same in every epoch, and a clip is opened for its frame times
            self._of_item[index] = self.task.targets_of_item(
                self.samples[index], arrays, self.preprocess, self.labels, training=self.seed is not None
            )
        return {"label": self.targets[index].numpy(), **self._of_item[index]}


class Collate:
    """Stacks the items that could be read; `skipped` holds the reasons why others could not.

    Args:
        spec: How rows of different sizes are padded. Entries that it does not name, such as targets, are
            padded with 0.
    """

    def __init__(self, spec: InputSpec) -> None:
        self.spec = spec

    def __call__(self, items: Sequence[dict[str, np.ndarray] | Skipped]) -> dict[str, Any]:
        good = [item for item in items if not isinstance(item, Skipped)]
        batch: dict[str, Any] = {}
        if good:
            known = {tensor.name: tensor for tensor in (*self.spec.inputs, *self.spec.targets)}
            for name in good[0]:
                tensor = known.get(name, TensorSpec(name=name, axes="b", shape=(), padding=0))
                batch[name] = torch.from_numpy(tensor.stack([item[name] for item in good]))
        return batch | {"skipped": [str(item) for item in items if isinstance(item, Skipped)]}


class EpochSampler(Sampler[Draw]):
    """Order of an epoch, drawn from (seed, epoch); split among the processes of distributed training."""

    def __init__(self, size: int, seed: int, *, weights: np.ndarray | None = None) -> None:
        """Args:
        weights: Probability of each sample (drawn with replacement); None visits each sample once.
        """
        self.size, self.seed, self.weights = size, seed, weights
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[Draw]:
        rng = generator(self.seed, ORDER, self.epoch)
        if self.weights is None:
            order = rng.permutation(self.size)
        else:
            order = rng.choice(self.size, self.size, p=self.weights)
        rank, world = _place()
        padded = np.resize(order, len(self) * world)  # every process takes the same number of steps
        return (Draw(int(index), self.epoch) for index in padded[rank::world])

    def __len__(self) -> int:
        return -(-self.size // _place()[1])


def train_loader(dataset: SampleDataset, recipe: Recipe) -> DataLoader[Any]:
    """Batches of training views."""
    weights = balanced_weights(dataset.targets) if recipe.train.sampler == "balanced" else None
    return DataLoader(
        dataset,
        batch_size=recipe.train.batch_size,
        sampler=EpochSampler(len(dataset), recipe.seed, weights=weights),
        drop_last=recipe.train.drop_last,
        collate_fn=Collate(dataset.preprocess.spec),
        num_workers=recipe.train.workers,
        persistent_workers=recipe.train.workers > 0,
    )


def plain_loader(dataset: SampleDataset, recipe: Recipe) -> DataLoader[Any]:
    """Batches in order, without augmentation. Every process reads all samples, so that scores are exact."""
    return DataLoader(
        dataset,
        batch_size=recipe.train.batch_size,
        collate_fn=Collate(dataset.preprocess.spec),
        num_workers=recipe.train.workers,
        persistent_workers=recipe.train.workers > 0,
    )


def balanced_weights(targets: Tensor) -> np.ndarray:
    """Probability of each sample, such that all classes are drawn equally often."""
    hard = (targets.argmax(dim=1) if targets.ndim == 2 else targets).numpy()
    count = np.bincount(hard)
    weights = 1.0 / count[hard]
    return weights / weights.sum()


def _place() -> tuple[int, int]:
    """Rank of this process, and the number of processes."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
