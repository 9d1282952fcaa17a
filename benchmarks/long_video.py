"""TSL-Net as published on untrimmed video: engines, memory for hours of video, memory of a training step.

    python benchmarks/long_video.py [--only engines hours step] [--videos 8] [--cells N] [--output FILE]
        [--seconds 600] [--gigabytes 4]

Weights and features are random: trained ones cannot be published here, and neither speed nor memory depends
on them. Memory is measured in separate processes. Some ten minutes on two idle cores.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning.pytorch as pl
import numpy as np
import torch
from limits import Doing, Limits
from safetensors.torch import load_file, save_file
from timing import as_table, in_turns, machine, repeats_for, write_report
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from video import peak_mb

from affekt.core import catalog
from affekt.core.errors import UsageError
from affekt.core.labels import label_set
from affekt.core.recipe import Recipe
from affekt.core.spec import InputSpec
from affekt.core.task import find_task
from affekt.deploy.backends.names import Backend, Precision
from affekt.deploy.export.export import export
from affekt.deploy.export.graphs import random_batch
from affekt.deploy.load import load
from affekt.engine.loading import Collate
from affekt.engine.loop.module import TrainingModule
from affekt.engine.loop.optimization import make_optimizer
from affekt.engine.objectives.criterion import WeightedLoss
from affekt.engine.randomness import INITIAL_WEIGHTS, STEP, seed_torch
from affekt.engine.weights.convert import convert
from affekt.parity.case import draw_tensor
from affekt.tasks.single_label import SingleLabelScorer

OUTPUT = Path(__file__).parent / "results" / "long_video.md"
PARTS = ("engines", "hours", "step")
METHOD = "tsl_net"
REQUIRED = 2  # required speed-up of the best engine over eager PyTorch
CELLS = (128, 452)  # of a video: 1.2 and 4.8 minutes at 25 frames per second
ENGINE_SHARE, HOUR_SHARE = 0.6, 0.5  # of the time that is left
BUDGET_S = 40.0  # for all rounds of one row of engines
RATE_HZ, CELL_S = 25.0, 16 / 25.0
MINUTES = (10, 60, 120)
# Of a training step; the published one has 16 videos, for which the step of the reference needs 4.7 GB.
VIDEOS = 8
STEP_CELLS = 184  # of the shortest video of TSL-300
SAME = 1e-4  # tolerance for the order of summation, relative to the largest gradient of a tensor
Row = tuple[str, ...]
ENGINES: Mapping[str, tuple[Backend, Precision]] = {
    "ONNX Runtime, f32": ("onnxruntime", "f32"),
    "OpenVINO, f32": ("openvino", "f32"),
    "OpenVINO, bf16": ("openvino", "bf16"),
}
EAGER = "PyTorch eager, f32"

RECIPE: dict[str, Any] = {
    "method": METHOD,
    "data": {"name": "tsl300"},
    "optimizer": {"name": "adam", "lr": 1e-5, "weight_decay": 5e-4, "rates": {"audio": 10.0}},
    "selection": {"metric": "map"},
    "train": {"batch_size": 1, "epochs": 1},
}

# A process with a bundle and features, without PyTorch; it prints time and memory.
ANSWER = """
import json, sys, time
from pathlib import Path
from affekt.core.sample import Sample
from affekt.deploy.runtime.predictor import Predictor
from affekt.tasks.localization.task import localize

def resident(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(name))

bundle, folder, rate_hz = sys.argv[1:]
predictor = Predictor.open(bundle, backend="onnxruntime")
media = {name: Path(folder) / f"{name}.npy" for name in ("rgb", "logmel")}
own = [0.0]  # anonymous memory over time
start = time.perf_counter()
found = localize(
    predictor,
    Sample("long", media, facts={"rate_hz": float(rate_hz)}),
    on_cells=lambda done, total: own.append(resident("RssAnon")),
)
seconds = time.perf_counter() - start
assert "torch" not in sys.modules
values = {"seconds": seconds, "cells": len(found.cells_s), "segments": len(found.spans_s)}
print(json.dumps({**values, "peak": resident("VmHWM"), "own": max(*own, resident("RssAnon"))}))
"""


# ---- checkpoint and bundle


def make_folders(folder: Path) -> tuple[Path, Path]:
    """A checkpoint and its bundle, converted from a file in the format of the authors."""
    method = catalog.method(METHOD)
    with torch.device("meta"):
        state: dict[str, Tensor] = method.load("model")(method.make_config({})).state_dict()
    # Random as in the parity cases: with initial weights, outputs hardly depend on the input.
    names = method.load("weights").to_theirs(state)
    drawn = {
        names[key]: torch.from_numpy(draw_tensor(key, tuple(value.shape), str(value.dtype)[6:], 0))
        for key, value in state.items()
    }
    torch.save(drawn, folder / "net.pth")
    checkpoint = convert(METHOD, folder / "net.pth", folder / "checkpoint", labels="tsl-2").folder
    return checkpoint, export(checkpoint, folder / "bundle").bundle


# ---- engines


def engine_rows(
    checkpoint: Path, bundle: Path, threads: Sequence[int], cells: Sequence[int]
) -> Iterator[Row | Doing]:
    """A row for each engine, number of threads and length; calls of the engines alternate."""
    for count in threads:
        yield Doing(f"{count} thread{'s' * (count > 1)}")
        torch.set_num_threads(count)
        predictors = {EAGER: load(checkpoint)}
        for name, (backend, precision) in ENGINES.items():
            try:
                predictors[name] = load(bundle, backend=backend, precision=precision, threads=count)
            except UsageError as error:
                print(f"{name}: {error}", flush=True)
        for length in cells:
            batch = random_batch(predictors[EAGER].preprocess.spec, 1, seed=1, open_size=length)
            calls = {name: partial(predictor.network, batch) for name, predictor in predictors.items()}
            expected = calls[EAGER]()
            repeats = repeats_for(calls[EAGER], budget_s=BUDGET_S / len(calls), most=25)
            for name, timed in in_turns(calls, repeats).items():
                drift = f"{np.abs(calls[name]() - expected).max():.0e}"
                title = f"T = {length}, {count} thread{'s' * (count > 1)}"
                yield (title, name, timed.milliseconds, f"{timed.ratio:.2f}x", drift)


def verdict(rows: Sequence[Row]) -> str:
    """Whether the required speed-up was reached, in f32 and in any precision."""

    def best(title: str, *, f32: bool) -> float:
        ratios = [row[3] for row in rows if row[0] == title and (row[1].endswith("f32") or not f32)]
        return max(float(ratio.removesuffix("x")) for ratio in ratios)

    titles = list(dict.fromkeys(row[0] for row in rows))
    if not titles:
        return "No row of the engines was measured."
    ratios = [
        f"{title}: {best(title, f32=False):.1f}x ({best(title, f32=True):.1f}x in f32)" for title in titles
    ]
    reached = all(best(title, f32=False) >= REQUIRED for title in titles)
    in_f32 = all(best(title, f32=True) >= REQUIRED for title in titles)
    result = "reached" if in_f32 else "reached, but not in f32 everywhere" if reached else "MISSED"
    return f"The required speed-up of the best engine is {REQUIRED}x: {result}. {'; '.join(ratios)}."


# ---- hours


def write_features(folder: Path, minutes: int) -> None:
    """Features of a video as files, written in parts: this process holds one minute at a time."""
    cells = int(minutes * 60 / CELL_S)
    rng = np.random.default_rng(minutes)
    folder.mkdir()
    shapes = {"rgb": (cells, 1024), "logmel": (cells * 32, 60)}
    for name, shape in shapes.items():
        rows = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", np.float32, shape)
        step = math.ceil(shape[0] / minutes)
        for start in range(0, shape[0], step):
            part = rng.standard_normal((min(step, shape[0] - start), shape[1]), np.float32)
            rows[start : start + step] = 0.5 * np.abs(part) if name == "rgb" else 15 * part - 40
        rows.flush()


def hour_rows(bundle: Path, folder: Path) -> Iterator[Row | Doing]:
    """Memory and time of videos of several lengths, each in a fresh process."""
    before = 0.0
    for minutes in MINUTES:
        yield Doing(f"{minutes} minutes")
        place = folder / str(minutes)
        write_features(place, minutes)
        code = [sys.executable, "-c", ANSWER, str(bundle), str(place), str(RATE_HZ)]
        measured = json.loads(subprocess.run(code, check=True, capture_output=True, text=True).stdout)
        size = sum(file.stat().st_size for file in place.iterdir()) / 2**20
        before = before or measured["own"]
        yield (
            f"{minutes} minutes",
            f"{measured['cells']:,}",
            f"{size:.0f} MB",
            f"{measured['peak']:.0f} MB",
            f"{measured['own']:.0f} MB",
            f"{measured['own'] - before:+.0f} MB",
            f"{measured['seconds']:.1f} s",
            f"{measured['seconds'] / minutes * 1e3:.0f} ms",
            f"{measured['segments']:,}",
        )


# ---- a training step


def recipe_of(videos: int) -> Recipe:
    """The recipe with so many videos in a step."""
    return Recipe.from_values({**RECIPE, "train": {**RECIPE["train"], "accumulate": videos}})


class DrawnVideos(Dataset[dict[str, np.ndarray]]):
    """Random features of some videos with points, generated at access."""

    def __init__(self, cells: int, videos: int) -> None:
        self.cells, self.videos = cells, videos

    def __len__(self) -> int:
        return self.videos

    def __getitem__(self, number: int) -> dict[str, np.ndarray]:
        rng = np.random.default_rng(number)
        points = np.zeros((self.cells, 2), np.float32)
        points[rng.choice(self.cells, 6, replace=False), rng.integers(0, 2, 6)] = 1
        arrays = {
            "rgb": 0.5 * np.abs(rng.standard_normal((self.cells, 1024), np.float32)),
            "logmel": rng.standard_normal((self.cells, 96, 60), np.float32) / 5,
            "points": points,
            "label": points.sum(axis=0) / points.sum(),
        }
        return arrays | {"number": np.array(number)}


@dataclass(frozen=True)
class Step:
    """Time and memory of a training step.

    Attributes:
        peak_mb: Peak of resident memory.
        held_mb: Resident memory before the step: PyTorch, parameters, state of the optimizer.
    """

    seconds: float
    peak_mb: float
    held_mb: float


class Watched(pl.Callback):
    """Measures the step of a trainer, and saves its gradients."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.watch.begin(trainer.optimizers[0], pl_module)

    def on_before_optimizer_step(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, optimizer: torch.optim.Optimizer
    ) -> None:
        self.watch.gradients(pl_module)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.watch.end()


class Watch:
    """Time and memory of a step, without saving its gradients."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.peaks: list[float] = []
        self.held = self.seconds = self.since = 0.0

    def begin(self, optimizer: torch.optim.Optimizer, network: nn.Module) -> None:
        """Create the state of the optimizer, as it exists in any step but the first, and start measuring."""
        for parameter in network.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
        optimizer.zero_grad()
        forget_peak()
        self.held = peak_mb()
        self.since = time.perf_counter()

    def gradients(self, network: nn.Module) -> None:
        """Save gradients; this is not measured."""
        self.seconds += time.perf_counter() - self.since
        self.peaks.append(peak_mb())
        found = {name: p.grad for name, p in network.named_parameters() if p.grad is not None}
        save_file(found, self.file)
        forget_peak()
        self.since = time.perf_counter()

    def end(self) -> None:
        """Stop measuring."""
        self.seconds += time.perf_counter() - self.since
        self.peaks.append(peak_mb())

    @property
    def step(self) -> Step:
        return Step(self.seconds, max(self.peaks), self.held)


def forget_peak() -> None:
    """Reset the peak memory of this process to its current memory."""
    Path("/proc/self/clear_refs").write_text("5")


def module_of(recipe: Recipe) -> TrainingModule:
    """Network and objective of published size, as `train` puts them together."""
    method = catalog.method(METHOD)
    config = method.make_config({})
    seed_torch(recipe.seed, INITIAL_WEIGHTS)
    model = method.load("model")(config)
    criterion = WeightedLoss(recipe.loss, find_task("localization"), None, label_set("tsl-2"))
    names = method.load("preprocess")(config).spec.names
    return TrainingModule(
        model, method.load("objective")(config, criterion), names, recipe, SingleLabelScorer()
    ).train()


def loader_of(cells: int, videos: int) -> DataLoader[Any]:
    """Batches of one video each."""
    return DataLoader(DrawnVideos(cells, videos), batch_size=1, collate_fn=Collate(InputSpec(inputs=())))


def step_of_engine(cells: int, videos: int, file: Path) -> Step:
    """A step of the engine: a backward pass per video."""
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    recipe = recipe_of(videos)
    watch = Watch(file)
    trainer = pl.Trainer(
        max_steps=1,
        accumulate_grad_batches=recipe.train.accumulate,
        callbacks=[Watched(watch)],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module_of(recipe), loader_of(cells, videos))
    return watch.step


def step_of_reference(cells: int, videos: int, file: Path) -> Step:
    """The same step as in the reference: losses of all videos first, then one backward pass."""
    recipe = recipe_of(videos)
    module = module_of(recipe)
    parameters = {name: p for name, p in module.named_parameters() if p.requires_grad}
    optimizer = make_optimizer(
        recipe.optimizer, {name.removeprefix("model."): p for name, p in parameters.items()}
    )
    watch = Watch(file)
    watch.begin(optimizer, module)
    losses: list[Tensor] = []
    for number, batch in enumerate(loader_of(cells, videos)):
        seed_torch(recipe.seed, STEP, 0, number, 0)  # the dropout of the engine's step
        losses.append(torch.stack(list(module.objective(module.model, batch).values())).sum())
    torch.stack(losses).mean().backward()
    watch.gradients(module)
    optimizer.step()
    watch.end()
    return watch.step


WAYS: Mapping[str, Callable[[int, int, Path], Step]] = {
    "a backward pass per video (affekt)": step_of_engine,
    "one for all videos (reference)": step_of_reference,
}


def one_step(what: str, cells: int, videos: int, file: Path) -> Iterator[Step]:
    """A step, in the process of its part."""
    yield WAYS[what](cells, videos, file)


def step_rows(limits: Limits, cells: int, videos: int, folder: Path) -> tuple[list[Row], str]:
    """Both kinds of steps, each in a new process; their gradients must be equal."""
    rows: list[Row] = []
    files: list[Path] = []
    grown: list[float] = []
    for what in WAYS:
        file = folder / f"step{len(files)}.safetensors"
        for step in limits.run(f"training step, {what}", partial(one_step, what, cells, videos, file)):
            files.append(file)
            grown.append(step.peak_mb - step.held_mb)
            sizes = (step.peak_mb, step.held_mb, grown[-1])
            rows.append((what, *(f"{size:,.0f} MB" for size in sizes), f"{step.seconds:.1f} s"))
    if len(files) < len(WAYS):
        return rows, "One of the two was skipped, so they are not compared."
    worst = largest_difference(*files)
    assert worst < SAME, f"gradients differ by {worst:.1e} of the largest of their tensor"
    return rows, (
        f"The step of the reference needs {grown[1] / grown[0]:.1f} times as much memory in addition to that "
        f"before the step. Gradients are equal within {worst:.0e} of the largest gradient of each tensor."
    )


def largest_difference(one: Path, other: Path) -> float:
    """Largest difference of gradients in two files, relative to the largest gradient of each tensor."""
    ours, theirs = load_file(one), load_file(other)
    assert ours.keys() == theirs.keys() and len(ours) > 0
    return max(
        float((value - theirs[name]).abs().max() / value.abs().max().clamp(min=1e-30))
        for name, value in ours.items()
    )


# ---- the report


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--cells", type=int, default=STEP_CELLS, help="of each video of a training step")
    parser.add_argument("--videos", type=int, default=VIDEOS, help="of a training step")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    Limits.add_to(parser)
    options = parser.parse_args()
    limits = Limits.of(options)
    load_before = os.getloadavg()[0]
    lines = ["# TSL-Net on untrimmed video", ""]
    body: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        checkpoint, bundle = make_folders(folder)
        if "engines" in options.only:
            work = partial(engine_rows, checkpoint, bundle, options.threads, CELLS)
            rows = limits.run("engines", work, end=limits.end(ENGINE_SHARE))
            body += [
                "",
                "## Engines",
                "",
                "One video, from features to logits of each cell: the bundle against eager PyTorch. Medians "
                "of alternating calls; ratios are medians within a round.",
                "",
                *as_table(("video", "engine", "time", "against eager", "largest change of a logit"), rows),
                "",
                verdict(rows),
            ]
        if "hours" in options.only:
            work = partial(hour_rows, bundle, folder)
            hours = limits.run("hours", work, end=limits.end(HOUR_SHARE))
            columns = ("video", "cells", "files of features", "peak resident memory", "anonymous memory")
            columns += ("growth", "time", "per minute of video", "segments")
            body += [
                "",
                "## Hours",
                "",
                f"Features of a video of {RATE_HZ:g} frames per second, memory-mapped files, to curves and "
                "segments by the bundle: `Predictor.localize` in ONNX Runtime, a new process each. Pages of "
                "mapped files that were read count as resident until the system needs the memory.",
                "",
                *as_table(columns, hours),
            ]
        if "step" in options.only:
            rows, summary = step_rows(limits, options.cells, options.videos, folder)
            columns = ("gradients by", "peak resident memory", "held before the step", "the step", "time")
            body += [
                "",
                "## A training step",
                "",
                f"{options.videos} videos of {options.cells} cells, both streams, all losses, Adam: one "
                f"video per batch and `train.accumulate` {options.videos} in the engine, and the same losses "
                "summed before one backward pass. A new process each, one step.",
                "",
                *as_table(columns, rows),
                "",
                summary,
            ]
    lines += [
        f"Written by `python benchmarks/long_video.py`. {machine()} onnxruntime {version('onnxruntime')}, "
        f"openvino {version('openvino')}. Published sizes, random weights. Load average of the machine: "
        f"{load_before:.1f} before, {os.getloadavg()[0]:.1f} after.",
    ]
    write_report(options.output, [*lines, *body, *limits.lines()])
    limits.check()


if __name__ == "__main__":
    main()
