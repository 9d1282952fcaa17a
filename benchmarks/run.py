"""What affekt costs, side by side with its alternatives in one run: `python benchmarks/run.py`.

Each row is the median of paired repetitions (A B A B ...), so that a machine whose speed drifts still gives a
fair ratio. Absolute times belong to the machine that the table names.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from affekt.core import catalog
from affekt.core.recipe import Recipe
from affekt.deploy.bundle import graph_network
from affekt.deploy.export import export, make_graph, random_batch
from affekt.engine.network import eager_network
from affekt.engine.train import train
from affekt.media.skeleton import Skeleton
from affekt.testing.contract import tiny

OUTPUT = Path(__file__).parent / "results" / "costs.md"
REPEATS = 15
Row = tuple[str, str, str, str]


def paired(
    one: Callable[[], object], other: Callable[[], object], repeats: int
) -> tuple[float, float, float]:
    """Median seconds of two calls that take turns, and the median of their ratios (other / one)."""
    one(), other()
    times: list[tuple[float, float]] = []
    for _ in range(repeats):
        pair = []
        for call in (one, other):
            start = time.perf_counter()
            call()
            pair.append(time.perf_counter() - start)
        times.append((pair[0], pair[1]))
    first, second = zip(*times, strict=True)
    return statistics.median(first), statistics.median(second), statistics.median(b / a for a, b in times)


def python(code: str, *arguments: str) -> Callable[[], object]:
    """A fresh interpreter running `code`."""
    return lambda: subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def start_up(folder: Path) -> list[Row]:
    """Import, and a cold prediction of one walk with a small bundle."""
    base, ours, _ = paired(python("pass"), python("import affekt"), REPEATS)
    recipe = Recipe.from_values(
        {
            "method": "bpm_gcn",
            "data": {"name": "walkers", "options": {"walkers": 12, "walks_per_emotion": 1}},
            "config": {"width": 16},
            "train": {"epochs": 1},
        }
    )
    bundle = export(train(recipe, runs=folder, progress=False).path, folder / "bundle").bundle
    walk: Skeleton = catalog.dataset("walkers").open(None).samples[0].media["skeleton"]
    np.savez(folder / "walk.npz", positions=walk.positions, joints=np.array(walk.joints))
    verb = "from affekt.cli.main import run; run()"
    _, cold, _ = paired(
        python("pass"), python(verb, "predict", str(bundle), str(folder / "walk.npz"), "--json"), REPEATS
    )
    return [
        ("`import affekt`, beyond a bare interpreter", f"{(ours - base) * 1e3:.0f} ms", "", ""),
        ("`affekt predict` cold, one walk, width 16", f"{cold:.2f} s", "", ""),
    ]


def answers(name: str, config: dict[str, object], label: str, threads: int) -> list[Row]:
    """The bundle's graph against eager PyTorch of the same network."""
    torch.set_num_threads(threads)
    room = catalog.method(name)
    settings = room.make_config(config)
    model, spec = room.load("model")(settings).eval(), room.load("preprocess")(settings).spec
    runtime, eager = graph_network(make_graph(model, spec), threads=threads), eager_network(model)
    rows: list[Row] = []
    for size in (1, 32):
        batch = random_batch(spec, size, seed=size)

        def ours(batch: dict[str, np.ndarray] = batch) -> object:
            return runtime(batch)

        def theirs(batch: dict[str, np.ndarray] = batch) -> object:
            return eager(batch)

        fast, slow, ratio = paired(ours, theirs, REPEATS if size == 1 else 5)
        what = f"{name} {label}, batch {size}, {threads} thread{'s' if threads > 1 else ''}"
        rows.append((what, milliseconds(fast), milliseconds(slow), f"{ratio:.2f}x"))
    return rows


def training_step(name: str) -> Row:
    """Forward and backward of the card's tiny network and of the default one, a batch of 32."""
    room = catalog.method(name)
    it = tiny(name)
    config = room.make_config({})
    model, spec = room.load("model")(config).train(), room.load("preprocess")(config).spec
    objective = room.load("objective")(config, torch.nn.functional.cross_entropy)
    arrays = random_batch(spec, 32, seed=0) | random_batch(type(spec)(inputs=spec.targets), 32, seed=1)
    batch = {key: torch.from_numpy(value) for key, value in arrays.items()}
    batch["label"] = torch.arange(32) % 4

    def step(model: torch.nn.Module, objective: torch.nn.Module, batch: dict[str, torch.Tensor]) -> None:
        model.zero_grad()
        torch.stack(list(objective(model, batch).values())).sum().backward()

    small = it.room.load("objective")(it.config, torch.nn.functional.cross_entropy)
    it.model.train()
    fast, slow, _ = paired(lambda: step(it.model, small, it.batch), lambda: step(model, objective, batch), 5)
    return (
        f"{name} training step, default width, batch 32 (first column: tiny, batch 4)",
        milliseconds(fast),
        milliseconds(slow),
        "",
    )


def milliseconds(seconds: float) -> str:
    """A readable time."""
    return f"{seconds * 1e3:.1f} ms"


def main() -> None:
    cores = os.cpu_count() or 1
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        rows += start_up(Path(folder))
    for name in catalog.list_methods():
        for threads in sorted({1, cores}):
            rows += answers(name, {}, "default", threads)
            rows += answers(name, {"width": 16}, "width 16", threads)
        torch.set_num_threads(cores)
        rows.append(training_step(name))
    lines = [
        f"Machine: {platform.machine()}, {cores} cores, Python {platform.python_version()}, "
        f"torch {torch.__version__}.",
        "",
        "| what | affekt (bundle) | eager PyTorch | eager / bundle |",
        "| --- | --- | --- | --- |",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
