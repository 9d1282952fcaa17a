"""Samples to batches: order, views, targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler, default_collate

from affekt.core.dataset import Task, check_label_weights
from affekt.core.errors import DataError, MediaError
from affekt.core.labels import LabelSet
from affekt.core.recipe import Recipe
from affekt.core.sample import Localizing, Preprocess, Sample, Skipped
from affekt.engine.randomness import ORDER, VIEW, generator


@dataclass(frozen=True, slots=True)
class Draw:
    """One sample in one epoch."""

    index: int
    epoch: int


class SampleDataset(Dataset[dict[str, Tensor] | Skipped]):
    """Preprocessed samples; a training view is drawn from (seed, epoch, index), whatever process asks."""

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
        seed: Of the training views; None for views without augmentation.
        """
        self.samples, self.preprocess, self.seed = list(samples), preprocess, seed
        self.labels, self.task = labels, task
        self._points: dict[int, Tensor] = {}
        self.targets = make_targets(samples, labels, task)

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, draw: Draw | int) -> dict[str, Tensor] | Skipped:
        index, epoch = (draw.index, draw.epoch) if isinstance(draw, Draw) else (draw, 0)
        try:
            arrays = self.arrays(index, epoch)
            return {**arrays, **self._targets(index, arrays)}
        except MediaError as error:  # one broken file among thousands: the epoch goes on without it
            return Skipped(self.samples[index].id, str(error))

    def _targets(self, index: int, arrays: dict[str, Tensor]) -> dict[str, Tensor]:
        """The label; for localization also the marked cells, and which sample it is."""
        target = {"label": self.targets[index]}
        if not isinstance(self.preprocess, Localizing):
            return target
        sample = self.samples[index]
        if self.seed is not None and not sample.points:
            raise MediaError(f"{sample.id} has no marked point to learn from")
        if index not in self._points:  # the same in every epoch; a clip would be opened for its clock
            cells = len(next(iter(arrays.values())))
            self._points[index] = point_rows(sample, self.preprocess, self.labels, cells)
        return {**target, "points": self._points[index], "number": torch.tensor(index)}

    def arrays(self, index: int, epoch: int) -> dict[str, Tensor]:
        """The view of a sample that an epoch meets.

        Raises:
            MediaError: The sample cannot be read.
        """
        rng = None if self.seed is None else generator(self.seed, VIEW, epoch, index)
        arrays = self.preprocess(self.samples[index], rng=rng)
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


def collate(items: Sequence[dict[str, Tensor] | Skipped]) -> dict[str, Any]:
    """A batch of the items that could be read; under `skipped`, why the others could not."""
    good = [item for item in items if not isinstance(item, Skipped)]
    skipped = [str(item) for item in items if isinstance(item, Skipped)]
    return {**(default_collate(good) if good else {}), "skipped": skipped}


class EpochSampler(Sampler[Draw]):
    """Order of an epoch, drawn from (seed, epoch); parted among processes where training is distributed."""

    def __init__(self, size: int, seed: int, *, weights: np.ndarray | None = None) -> None:
        """Args:
        weights: Chance of each sample (drawn with replacement); None visits each sample once.
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
        padded = np.resize(order, len(self) * world)  # every process takes equally many steps
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
        collate_fn=collate,
        num_workers=recipe.train.workers,
        persistent_workers=recipe.train.workers > 0,
    )


def plain_loader(dataset: SampleDataset, recipe: Recipe) -> DataLoader[Any]:
    """Batches in order, without augmentation. Every process sees all: exact, and small beside training."""
    return DataLoader(
        dataset,
        batch_size=recipe.train.batch_size,
        collate_fn=collate,
        num_workers=recipe.train.workers,
        persistent_workers=recipe.train.workers > 0,
    )


def make_targets(samples: Sequence[Sample], labels: LabelSet, task: Task) -> Tensor:
    """Class indices (n,) int64; shares (n, k) float32 where samples have votes, points or several labels.

    Raises:
        DataError: A sample has no label, one that is not in the label set, or weights that are no weights.
    """
    for sample in samples:
        check_label_weights(sample, labels, task)
        weights = sample.label_weights
        nothing = weights is None or (
            task == "single_label" and not weights
        )  # {}: several labels may be none
        if sample.label is None and nothing and task != "localization":
            raise DataError(f"{sample.id} has no label: it cannot be trained on or scored")
    if task == "single_label" and all(sample.label_weights is None for sample in samples):
        return torch.tensor([labels.index(sample.label or "") for sample in samples])
    rows = torch.zeros(len(samples), len(labels))
    for row, sample in zip(rows, samples, strict=True):
        for name, weight in weights_of(sample, task).items():
            row[labels.index(name)] = weight
    if task == "multi_label":
        return rows
    return rows / rows.sum(dim=1, keepdim=True).clamp(min=1e-12)  # nothing may happen in a video


def weights_of(sample: Sample, task: Task) -> Mapping[str, float]:
    """How much of each label a sample has, by name.

    Of a localization sample, whose labels somebody marked: how many points; how many segments if none.
    """
    if task != "localization":
        if sample.label_weights or sample.label is None:
            return sample.label_weights or {}
        return {sample.label: 1.0}
    counts = Counter(mark.label for mark in sample.points or sample.segments or ())
    return {label: float(count) for label, count in counts.items()}


def point_rows(sample: Sample, preprocess: Localizing, labels: LabelSet, cells: int) -> Tensor:
    """How many points of each class lie in each cell: (t, k) float32."""
    rows = torch.zeros(cells, len(labels))
    times_s = np.array([point.time_s for point in sample.points], float)
    for cell, point in zip(preprocess.cells_at(sample, times_s).tolist(), sample.points, strict=True):
        if 0 <= cell < cells:
            rows[cell, labels.index(point.label)] += 1
    return rows


def balanced_weights(targets: Tensor) -> np.ndarray:
    """Chance of each sample so that classes are met equally often."""
    hard = (targets.argmax(dim=1) if targets.ndim == 2 else targets).numpy()
    count = np.bincount(hard)
    weights = 1.0 / count[hard]
    return weights / weights.sum()


def _place() -> tuple[int, int]:
    """Rank of this process, and how many there are."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return torch.distributed.get_rank(), torch.distributed.get_world_size()
    return 0, 1
