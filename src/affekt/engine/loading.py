"""Batches of samples for training and validation: order, views, targets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
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


# Views that each process keeps in memory: to make one anew, or to open its file, can cost more than a step.
_HELD_BYTES = 512 * 2**20


class Held:
    """Views in memory by sample and view, up to a size."""

    def __init__(self) -> None:
        self.views: dict[tuple[int, int], dict[str, np.ndarray]] = {}
        self.bytes = 0

    def add(self, place: tuple[int, int], view: dict[str, np.ndarray]) -> None:
        """Keep a view if there is room for it."""
        size = sum(value.nbytes for value in view.values())
        if self.bytes + size <= _HELD_BYTES:
            self.views[place] = view
            self.bytes += size


class SampleDataset(Dataset[dict[str, np.ndarray] | Skipped]):
    """Preprocessed samples; a training view depends on (seed, epoch, index) only, not on the process.

    Attributes:
        is_plain: Whether training samples are given without augmentation.
        rows: Further entries of the items by name, a row for each sample.
    """

    is_plain = False
    rows: Mapping[str, np.ndarray] = MappingProxyType({})

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
        self._held = Held()  # of preprocessing whose training views do not vary
        self.targets = torch.from_numpy(task.targets(samples, labels))
        self.further_targets = task.further_targets(samples)

    def plain(self) -> SampleDataset:
        """The same samples and targets without augmentation."""
        found = copy(self)
        found.is_plain = True
        return found

    def with_rows(self, rows: Mapping[str, np.ndarray]) -> SampleDataset:
        """The same samples with further entries, a row for each sample."""
        found = copy(self)
        found.rows = {**self.rows, **rows}
        return found

    @cached_property
    def lengths(self) -> np.ndarray | None:
        """Length of each sample, in any unit, where the method's preprocessing states it."""
        length = getattr(self.preprocess, "length", None)
        return None if length is None else np.array([length(sample) for sample in self.samples])

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
        if (found := self._held.views.get((index, 0))) is not None:
            return dict(found)
        plain = self.seed is None or self.is_plain
        rng = None if plain else generator(self.seed or 0, VIEW, epoch, index)
        found = self.preprocess.spec.complete(self.preprocess(self.samples[index], rng=rng))
        if getattr(self.preprocess, "is_deterministic", False):
            self._held.add((index, 0), found)
        return dict(found)

    def _targets(self, index: int, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if index not in self._of_item:  # the same in every epoch, and a clip is opened for its frame times
            self._of_item[index] = self.task.targets_of_item(
                self.samples[index], arrays, self.preprocess, self.labels, training=self.seed is not None
            )
        beside = (*self.further_targets.items(), *self.rows.items())
        further = {name: np.asarray(rows[index]) for name, rows in beside}
        return {"label": self.targets[index].numpy(), **further, **self._of_item[index]}


class Collate:
    """Stacks the items that could be read; `skipped` holds the ids of the others, with the reasons.

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
        return batch | {"skipped": [(it.id, it.reason) for it in items if isinstance(it, Skipped)]}


@dataclass(frozen=True)
class Buckets:
    """Batches of samples of similar lengths, so that little padding is computed.

    Attributes:
        lengths: Of all samples.
        batches: Number of batches within which samples are sorted by length.
    """

    lengths: np.ndarray
    batch_size: int
    batches: int

    def sort(self, order: np.ndarray, rng: np.random.Generator, *, processes: int = 1) -> np.ndarray:
        """The same samples such that successive ones form such batches; the batches are in random order.

        A last batch that is not full stays last. It holds samples of any length, so that dropping it does not
        drop the longest ones.

        Args:
            processes: Number of processes that take one sample each in turn.
        """
        together = self.batch_size * processes
        full = len(order) // together * together
        size = together * self.batches
        parts = [order[start : min(start + size, full)] for start in range(0, full, size)]
        parts = [part[np.argsort(self.lengths[part], kind="stable")] for part in parts]
        batches = [part.reshape(-1, together) for part in parts]
        if not batches:
            return order
        return np.concatenate([rng.permutation(np.concatenate(batches)).reshape(-1), order[full:]])


class EpochSampler(Sampler[Draw]):
    """Order of an epoch, drawn from (seed, epoch); split among the processes of distributed training."""

    def __init__(
        self,
        size: int,
        seed: int,
        *,
        weights: np.ndarray | None = None,
        visited: np.ndarray | None = None,
        epoch: int = 0,
        buckets: Buckets | None = None,
    ) -> None:
        """Args:
        weights: Probability of each sample (drawn with replacement); None visits each sample once.
        visited: Numbers of the samples that the epoch visits; all if not given.
        buckets: How batches of similar lengths are made; None leaves the random order.
        """
        self.numbers = np.arange(size) if visited is None else visited
        self.size, self.seed = len(self.numbers), seed
        self.weights = weights
        if weights is not None and visited is not None:
            self.weights = weights[visited] / weights[visited].sum()
        self.epoch, self.buckets = epoch, buckets

    def set_epoch(self, epoch: int) -> None:
        """Called by the trainer before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[Draw]:
        rng = generator(self.seed, ORDER, self.epoch)
        if self.weights is None:
            order = rng.permutation(self.size)
        else:
            order = rng.choice(self.size, self.size, p=self.weights)
        order = self.numbers[order]
        rank, world = _place()
        if self.buckets is not None:
            order = self.buckets.sort(order, rng, processes=world)
        padded = np.resize(order, len(self) * world)  # every process takes the same number of steps
        return (Draw(int(index), self.epoch) for index in padded[rank::world])

    def __len__(self) -> int:
        return -(-self.size // _place()[1])


def train_loader(
    dataset: SampleDataset, recipe: Recipe, *, visited: np.ndarray | None = None, epoch: int | None = None
) -> DataLoader[Any]:
    """Batches of training views.

    Args:
        visited: Numbers of the samples that are visited; all if not given.
        epoch: The only epoch that the loader is for; several if not given.
    """
    weights = balanced_weights(dataset.targets) if recipe.train.sampler == "balanced" else None
    buckets = None
    if recipe.train.bucket_batches and dataset.lengths is not None:
        buckets = Buckets(dataset.lengths, recipe.train.batch_size, recipe.train.bucket_batches)
    return DataLoader(
        dataset,
        batch_size=recipe.train.batch_size,
        sampler=EpochSampler(
            len(dataset), recipe.seed, weights=weights, visited=visited, epoch=epoch or 0, buckets=buckets
        ),
        drop_last=recipe.train.drop_last,
        collate_fn=Collate(dataset.preprocess.spec),
        num_workers=recipe.train.workers,
        persistent_workers=recipe.train.workers > 0 and epoch is None,
    )


def plain_loader(dataset: SampleDataset, recipe: Recipe, *, by_length: bool = False) -> DataLoader[Any]:
    """Batches in a fixed order, without augmentation.

    Every process reads all samples, so that scores are exact.

    Args:
        by_length: Sort samples by length where preprocessing states it; otherwise in their own order.
    """
    order = None
    if by_length and dataset.lengths is not None:
        order = np.argsort(dataset.lengths, kind="stable").tolist()
    return DataLoader(
        dataset,
        sampler=order,
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
