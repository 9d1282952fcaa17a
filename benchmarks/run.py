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
from functools import partial
from pathlib import Path

import numpy as np
import torch

from affekt.core import catalog
from affekt.core.recipe import Recipe
from affekt.core.settings import Settings
from affekt.core.spec import InputSpec
from affekt.deploy.bundle import graph_network
from affekt.deploy.export import export, make_graph, random_batch
from affekt.engine.network import eager_network
from affekt.engine.train import train
from affekt.media.skeleton import Skeleton

OUTPUT = Path(__file__).parent / "results" / "costs.md"
REPEATS = 15
Row = tuple[str, str, str, str]


def paired(
    one: Callable[[], object], other: Callable[[], object], repeats: int
) -> tuple[float, float, float]:
    """Median seconds of two calls that take turns, and the median of their ratios (other / one)."""
    one()  # once each without counting
    other()
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


def networks(name: str) -> dict[str, Settings]:
    """The configs of a method worth timing: the published one, and that of each recipe."""
    room = catalog.method(name)
    recipes = sorted((room.folder / "recipes").glob("*.toml"))
    named = {f"recipe {file.stem}": room.make_config(Recipe.load([file]).config) for file in recipes}
    return {"as published": room.make_config(), **named}


def answers(name: str, label: str, config: Settings, threads: int) -> list[Row]:
    """The bundle's graph against eager PyTorch of the same network."""
    torch.set_num_threads(threads)
    room = catalog.method(name)
    model, spec = room.load("model")(config).eval(), room.load("preprocess")(config).spec
    runtime, eager = graph_network(make_graph(model, spec), threads=threads), eager_network(model)
    rows: list[Row] = []
    for size in (1, 32):
        batch = random_batch(spec, size, seed=size)
        repeats = REPEATS if size == 1 else 7
        fast, slow, ratio = paired(partial(runtime, batch), partial(eager, batch), repeats)
        what = f"{name} {label}, batch {size}, {threads} thread{'s' if threads > 1 else ''}"
        rows.append((what, milliseconds(fast), milliseconds(slow), f"{ratio:.2f}x"))
    return rows


def training_step(name: str, label: str, config: Settings) -> Row:
    """Forward and backward of a batch of 32."""
    room = catalog.method(name)
    model, spec = room.load("model")(config).train(), room.load("preprocess")(config).spec
    objective = room.load("objective")(config, torch.nn.functional.cross_entropy)
    arrays = random_batch(spec, 32, seed=0) | random_batch(InputSpec(inputs=spec.targets), 32, seed=1)
    batch = {key: torch.from_numpy(value) for key, value in arrays.items()}
    batch["label"] = torch.arange(32) % model(**{key: batch[key] for key in spec.names}).logits.shape[1]

    def step() -> None:
        model.zero_grad()
        torch.stack(list(objective(model, batch).values())).sum().backward()

    seconds, _, _ = paired(step, step, 4)
    return (
        f"{name} {label}, training step of 32, {torch.get_num_threads()} threads",
        "",
        milliseconds(seconds),
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
        for label, config in networks(name).items():
            for threads in sorted({1, cores}):
                rows += answers(name, label, config, threads)
            rows.append(training_step(name, label, config))
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
