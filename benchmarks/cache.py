"""Training with and without the feature cache: `make cache-benchmarks`.

VAANet with the published 3D ResNet-101 and random weights is trained on generated clips, once through the
backbone and once on cached features. Clips are rendered in memory in milliseconds, so the cache saves little
more than the backbone; for videos on a disk it also saves decoding.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from timing import Timed, as_table, in_turns, machine, write_report
from torch import nn
from torch.utils.data import DataLoader

from affekt.core.recipe import Recipe
from affekt.engine.experiment import Experiment, open_corpus
from affekt.engine.features.backbone import FeatureNetwork
from affekt.engine.features.filling import CachedDataset, Filled, cached
from affekt.engine.loading import Collate, SampleDataset
from affekt.engine.loop.checkpoint_io import FolderCheckpointIO
from affekt.engine.loop.optimization import make_optimizer
from affekt.engine.objectives.criterion import WeightedLoss
from affekt.engine.splits import part

OUTPUT = Path(__file__).parent / "results" / "cache.md"
REPEATS = 3
REQUIRED = 50  # required speed-up of cached features over computed ones


def recipe_of(streams: str, snippets: int, clips: int) -> Recipe:
    """VAANet as published, on generated clips, apart from their number."""
    return Recipe.from_values(
        {
            "method": "vaanet",
            "data": {
                "name": "moving_shapes",
                "options": {"clips": 24, "pixels": 128, "frames_per_clip": 256},
            },
            "config": {"num_classes": 4, "streams": streams, "visual": {"segments": snippets}},
            "train": {"batch_size": clips, "cached_views": 1},
        }
    )


def settle(model: Any, dataset: SampleDataset) -> None:
    """Set the batch statistics of the random backbone; without them its features overflow."""
    norms = [module for module in model.backbone.modules() if isinstance(module, nn.BatchNorm3d)]
    for norm in norms:
        norm.train()
        norm.momentum = 1.0
    with torch.no_grad():
        model.features(dataset.arrays(0, 0)["clips"][None])
    model.train()


def epoch_of(
    network: nn.Module, dataset: SampleDataset, objective: nn.Module, recipe: Recipe
) -> Callable[[], None]:
    """One epoch over a data set: views, network, loss, gradients, an optimizer step per batch."""
    parameters = {name: value for name, value in network.named_parameters() if value.requires_grad}
    optimizer = make_optimizer(recipe.optimizer, parameters)

    def epoch() -> None:
        for batch in DataLoader(
            dataset, batch_size=recipe.train.batch_size, collate_fn=Collate(dataset.preprocess.spec)
        ):
            optimizer.zero_grad()
            torch.stack(list(objective(network, batch).values())).sum().backward()
            optimizer.step()

    return epoch


def first_clips(dataset: SampleDataset, clips: int) -> SampleDataset:
    """The data set, restricted to its first clips."""
    dataset.samples, dataset.targets = dataset.samples[:clips], dataset.targets[:clips]
    return dataset


def seconds_of(call: Callable[[], object]) -> float:
    """Duration of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def save_cost(model: nn.Module, folder: Path) -> tuple[float, float, float]:
    """Seconds and megabytes of the network in one checkpoint, and megabytes of frozen weights among them."""
    state = {f"model.{name}": value for name, value in model.state_dict().items()}
    path = folder / "epoch-1"
    seconds = seconds_of(lambda: FolderCheckpointIO().save_checkpoint({"state_dict": state}, path, {}))
    frozen = sum(p.numel() * p.element_size() for p in model.parameters() if not p.requires_grad)
    return seconds, (path / "model.safetensors").stat().st_size / 1e6, frozen / 1e6


@dataclass(frozen=True)
class Case:
    """A network and the same clips, as media and as cached features.

    Attributes:
        first, again: Results of filling an empty cache and a full one.
    """

    recipe: Recipe
    model: Any
    objective: nn.Module
    plain: SampleDataset
    kept: CachedDataset
    first: Filled
    again: Filled


def case_of(streams: str, snippets: int, clips: int, folder: Path) -> Case:
    """A case with a filled cache."""
    recipe = recipe_of(streams, snippets, clips)
    corpus = open_corpus(recipe, None)
    experiment = Experiment.of(recipe, corpus, part(corpus.samples, recipe.split))
    plain = first_clips(experiment.datasets()["train"], clips)
    model: Any = experiment.network()
    settle(model, plain)

    def fill() -> tuple[dict[str, CachedDataset], Filled]:
        return cached(experiment, {"train": plain}, model, root=folder)

    kept, first = fill()
    _, again = fill()
    model.train()
    criterion = WeightedLoss(recipe.loss, corpus.task, None, corpus.labels)
    objective = experiment.method.load("objective")(experiment.config, criterion)
    return Case(recipe, model, objective, plain, kept["train"], first, again)


def features_of(case: Case) -> dict[str, Timed]:
    """Time of all features, computed or read from the cache."""

    def computed() -> None:
        for index in range(len(case.plain)):
            with torch.no_grad():
                case.model.features(case.plain.arrays(index, 0)["clips"][None])

    def read() -> None:
        for index in range(len(case.kept)):
            case.kept.arrays(index, 0)

    return in_turns({"computed": computed, "read": read}, REPEATS)


def epochs_of(case: Case) -> dict[str, Timed]:
    """Time of an epoch, without and with the cache."""
    model, objective, recipe = case.model, case.objective, case.recipe
    return in_turns(
        {
            "without": epoch_of(model, case.plain, objective, recipe),
            "with": epoch_of(FeatureNetwork(model), case.kept, objective, recipe),
        },
        REPEATS,
    )


def measure(snippets: int, clips: int, folder: Path) -> list[str]:
    """Lines of the report."""
    seen, both = (case_of(streams, snippets, clips, folder) for streams in ("video", "video+audio"))
    features = features_of(seen)
    rows = [(f"features of {clips} clips, computed or read", features["computed"], features["read"])]
    for case, what in ((seen, "video only"), (both, "video and sound, with a trained ResNet-18")):
        epochs = epochs_of(case)
        rows.append((f"an epoch of {clips} clips, {what}", epochs["without"], epochs["with"]))
    seconds, size, frozen = save_cost(both.model, folder)
    ratio = features["read"].ratio
    return [
        machine(),
        "",
        f"VAANet as published (3D ResNet-101) but with {snippets} snippets of 16 frames of 112 x 112 pixels, "
        f"random weights, {clips} generated clips, {torch.get_num_threads()} threads. Medians of {REPEATS} "
        "rounds. An epoch computes views, loss and gradients and takes optimizer steps; it reads sound "
        "features from the cache, too.",
        "",
        *as_table(
            ("", "without the cache", "with it", "ratio"),
            [(what, a.milliseconds, b.milliseconds, f"{b.ratio:.0f}x") for what, a, b in rows],
        ),
        "",
        f"The required speed-up for features is {REQUIRED}x: "
        f"{'reached' if ratio >= REQUIRED else 'MISSED'}. Filling the cache took "
        f"{both.first.seconds:.1f} s for {both.first.bytes / 1e6:.1f} MB; checking the full cache took "
        f"{both.again.seconds:.2f} s, in which all weights, files and (rendered) clips are hashed.",
        "",
        f"Not saved by the cache: each epoch writes the whole network, {size:.0f} MB of which "
        f"{frozen:.0f} MB are frozen, in {seconds:.1f} s.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--snippets", type=int, default=12, help="snippets of each clip; as published 12")
    parser.add_argument("--clips", type=int, default=4)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        write_report(OUTPUT, measure(options.snippets, options.clips, folder))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
