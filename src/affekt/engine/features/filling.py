"""Before the first epoch: the frozen backbone processes every view of the training once."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

from affekt.core.errors import ConfigError, MediaError
from affekt.core.recipe import Recipe
from affekt.core.sample import Skipped, as_localizing
from affekt.core.task import OnItem, quiet
from affekt.core.wording import counted
from affekt.engine.experiment import Experiment
from affekt.engine.features.backbone import FEATURE_DTYPE, FrozenBackbone, NoBackbone
from affekt.engine.features.cache import FeatureCache
from affekt.engine.features.keys import Views, describe_network
from affekt.engine.loading import Held, SampleDataset
from affekt.engine.network import encoded_input

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Filled:
    """Result of filling a cache.

    Attributes:
        bytes: Size on disk of all features that the recipe uses.
    """

    folder: Path
    computed: int
    reused: int
    skipped: tuple[Skipped, ...]
    bytes: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"features in {self.folder}: {counted(self.computed, 'sample')} computed, {self.reused} reused, "
            f"{len(self.skipped)} skipped; {self.bytes / 1e6:.1f} MB, {self.seconds:.1f} s"
        )


class CachedDataset(SampleDataset):
    """Samples whose views are in the cache; successive epochs use the views of a sample in turn."""

    def __init__(self, plain: SampleDataset, cache: FeatureCache, count: int) -> None:
        """Args:
        plain: The samples; views are drawn with its seed, without a seed there is one view.
        count: Number of views that are drawn of each sample.
        """
        self.samples, self.preprocess = plain.samples, plain.preprocess
        self.seed, self.targets = plain.seed, plain.targets
        self.labels, self.task = plain.labels, plain.task
        self.further_targets = plain.further_targets
        self._of_item: dict[int, dict[str, np.ndarray]] = {}
        self.cache = cache
        self.views = Views() if plain.seed is None else Views(count, plain.seed)
        self.broken: dict[int, str] = {}
        self.files = [self._file(index) for index in range(len(self.samples))]
        self._held = Held()  # shared with copies, such as `plain`

    def arrays(self, index: int, epoch: int) -> dict[str, np.ndarray]:
        """The view of an epoch; samples begin with different views.

        Raises:
            MediaError: The sample could not be read when the cache was filled.
        """
        if index in self.broken:
            raise MediaError(self.broken[index])
        view = 0 if self.is_plain else (epoch + index) % self.views.count
        found = self._held.views.get((index, view))
        if found is None:
            found = self.cache.read(self.files[index], view)
            self._held.add((index, view), found)
        return dict(found)

    def _file(self, index: int) -> Path:
        """Place of a sample's features; a sample that cannot be read is noted as broken."""
        sample = self.samples[index]
        cache_key = getattr(self.preprocess, "cache_key", None)
        try:
            content = cache_key(sample) if cache_key is not None else ""
        except MediaError as error:
            self.broken[index] = str(error)
            content = ""
        return self.cache.file(sample, self.views, content=content)

    def draw(self, index: int, view: int) -> dict[str, np.ndarray]:
        """A view as preprocessing makes it, with stand-ins for missing modalities.

        Raises:
            MediaError: The sample cannot be read.
        """
        sample = self.samples[index]
        arrays = self.preprocess(sample, rng=self.views.rng(sample, view))
        return self.preprocess.spec.complete(arrays)

    def is_there(self, index: int) -> bool:
        """Whether the cache has all features of a sample."""
        return self.cache.has(self.files[index], self.views.count)


def cached(
    experiment: Experiment,
    plain: Mapping[str, SampleDataset],
    model: nn.Module,
    *,
    root: Path,
    on_item: OnItem = quiet,
) -> tuple[dict[str, CachedDataset], Filled]:
    """Data sets that read features; those that are missing are computed first.

    Args:
        plain: Data sets by part.
        model: The network, its frozen backbone loaded.
        root: Folder of all caches.

    Raises:
        ConfigError: The network has no frozen backbone whose output could be cached.
        FolderError: The cache cannot be written.
    """
    start = time.perf_counter()
    recipe, method, config = experiment.recipe, experiment.method, experiment.config
    preprocess, by_cells = experiment.preprocess, experiment.task.by_cells
    device = device_of(recipe)
    # A long sample may take seconds to prepare even if there is no encoder: it is cached as prepared.
    as_prepared = by_cells and encoded_input(model, preprocess, experiment.task) is None
    backbone = (
        NoBackbone()
        if as_prepared
        else FrozenBackbone(model, method.name, config, device, precision=recipe.train.precision)
    )
    if by_cells and recipe.train.cached_views > 1:
        raise ConfigError(
            "recipe", [f"train.cached_views: views of {method.name} do not vary in training, so 1 is enough"]
        )
    document = describe_network(
        method,
        model,
        config,
        preprocess,
        experiment.state,
        FEATURE_DTYPE.name,
        precision="32" if as_prepared else recipe.train.precision,
        assets=experiment.assets,
    )
    cache = FeatureCache(root, document, features=backbone.names, inputs=preprocess.spec.names)
    datasets = {name: CachedDataset(part, cache, recipe.train.cached_views) for name, part in plain.items()}
    total = sum(len(dataset) for dataset in datasets.values())
    done = computed = 0
    model.to(device)
    for dataset in datasets.values():
        missing = [index for index in range(len(dataset)) if not dataset.is_there(index)]
        done += len(dataset) - len(missing)
        on_item(done, total)
        for was_computed in _fill(dataset, missing, backbone, workers=recipe.train.workers):
            done, computed = done + 1, computed + was_computed
            on_item(done, total)
    model.to("cpu")
    broken = [
        Skipped(dataset.samples[index].id, reason)
        for dataset in datasets.values()
        for index, reason in dataset.broken.items()
    ]
    files = {file for dataset in datasets.values() for file in dataset.files if file.is_file()}
    filled = Filled(
        cache.folder,
        computed,
        total - computed - len(broken),
        tuple(broken),
        sum(file.stat().st_size for file in files),
        time.perf_counter() - start,
    )
    log.info("%s", filled)
    return datasets, filled


def _fill(
    dataset: CachedDataset, missing: Sequence[int], backbone: FrozenBackbone | NoBackbone, *, workers: int
) -> Iterator[bool]:
    """Compute the missing features; yields per sample whether this process computed them."""
    if dataset.task.by_cells:
        yield from _fill_in_parts(dataset, missing, backbone)
        return
    # Processes that fill one cache at the same time begin with different samples.
    start = os.getpid() % len(missing) if missing else 0
    drawn = _Drawn(dataset, [*missing[start:], *missing[:start]])
    loader = iter(DataLoader(drawn, batch_size=None, collate_fn=_as_it_is, num_workers=workers))
    for index in drawn.order:
        is_there = dataset.is_there(index)  # another process was faster
        views: list[dict[str, np.ndarray]] = []
        for _ in range(dataset.views.count):
            arrays = next(loader)
            if isinstance(arrays, Skipped):
                dataset.broken[index] = arrays.reason
            elif not is_there and index not in dataset.broken:
                views.append(backbone(arrays))
        whole = len(views) == dataset.views.count
        if whole:
            dataset.cache.write(dataset.files[index], views)
        yield whole


def _fill_in_parts(
    dataset: CachedDataset, missing: Sequence[int], backbone: FrozenBackbone | NoBackbone
) -> Iterator[bool]:
    """The same for long samples, which are decoded and encoded in groups of cells."""
    preprocess = as_localizing(dataset.preprocess)
    for index in missing:
        if dataset.is_there(index):
            yield False
            continue
        try:
            parts = [backbone(part) for part in preprocess.parts(dataset.samples[index])]
        except MediaError as error:
            dataset.broken[index] = str(error)
            yield False
            continue
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        dataset.cache.write(dataset.files[index], [whole])
        yield True


class _Drawn(Dataset[dict[str, np.ndarray] | Skipped]):
    """Views in the order in which they are computed: all views of one sample, then those of the next."""

    def __init__(self, dataset: CachedDataset, order: Sequence[int]) -> None:
        self.dataset, self.order = dataset, order

    def __len__(self) -> int:
        return len(self.order) * self.dataset.views.count

    def __getitem__(self, place: int) -> dict[str, np.ndarray] | Skipped:
        number, view = divmod(place, self.dataset.views.count)
        index = self.order[number]
        try:
            return self.dataset.draw(index, view)
        except MediaError as error:
            return Skipped(self.dataset.samples[index].id, str(error))


def _as_it_is(item: Any) -> Any:
    return item


def device_of(recipe: Recipe) -> torch.device:
    """The device on which training will compute."""
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return torch.device("cpu") if device is None or recipe.train.accelerator == "cpu" else device
