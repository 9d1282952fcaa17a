"""Start-up time, inference and training steps of all methods, against eager PyTorch: `make benchmarks`.

Absolute times depend on the machine, which the table names; ratios are computed within rounds, see
`timing.py`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from timing import as_table, in_turns, machine, repeats_for, write_report
from torch import nn

from affekt.core import catalog
from affekt.core.recipe import Recipe
from affekt.core.settings import Settings
from affekt.core.spec import InputSpec
from affekt.data.open import open_dataset
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.export import export
from affekt.deploy.export.graphs import make_graph, random_batch
from affekt.engine.network import eager_network
from affekt.engine.train import train
from affekt.media.skeleton import Skeleton

OUTPUT = Path(__file__).parent / "results" / "costs.md"
REPEATS = 15
STEP = 8  # batch size of a training step
Row = tuple[str, ...]


def python(code: str, *arguments: str) -> Callable[[], object]:
    """A call that runs `code` in a new interpreter."""
    return lambda: subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def start_up(folder: Path) -> list[Row]:
    """Time of the import, and of a cold prediction of one walk with a small bundle."""
    starts = {"bare": python("pass"), "affekt": python("import affekt")}
    bare, ours = in_turns(starts, REPEATS).values()
    recipe = Recipe.from_values(
        {
            "method": "bpm_gcn",
            "data": {"name": "walkers", "options": {"walkers": 12, "walks_per_emotion": 1}},
            "config": {"width": 16},
            "train": {"epochs": 1},
        }
    )
    bundle = export(train(recipe, runs=folder, progress=False).path, folder / "bundle").bundle
    walk: Skeleton = open_dataset("walkers").samples[0].media["skeleton"]
    np.savez(folder / "walk.npz", positions=walk.positions, joints=np.array(walk.joints))
    verb = "from affekt.cli.main import run; run()"
    asked = python(verb, "predict", str(bundle), str(folder / "walk.npz"), "--json")
    (cold,) = in_turns({"cold": asked}, REPEATS).values()
    beyond = ours.seconds - bare.seconds
    return [
        ("`import affekt`, beyond a bare interpreter", f"{beyond * 1e3:.0f} ms", "", ""),
        ("`affekt predict` cold, one walk, width 16", f"{cold.seconds:.2f} s", "", ""),
    ]


def networks(name: str) -> dict[str, tuple[Settings, nn.Module, InputSpec]]:
    """The networks of a method: the published one, and those of recipes with other tensors."""
    method = catalog.method(name)
    recipes = sorted((method.folder / "recipes").glob("*.toml"))
    configs = {"as published": method.make_config()}
    configs |= {f"recipe {file.stem}": method.make_config(Recipe.load([file]).config) for file in recipes}
    found: dict[str, tuple[Settings, nn.Module, InputSpec]] = {}
    known: list[list[torch.Size]] = []
    for label, config in configs.items():
        model, spec = method.load("model")(config).eval(), method.load("preprocess")(config).spec
        shapes = [value.shape for value in model.state_dict().values()]
        if shapes not in known:  # recipes for other data often train the same network
            known.append(shapes)
            found[label] = (config, model, spec)
    return found


def answers(title: str, model: nn.Module, spec: InputSpec, graph: bytes, threads: int) -> list[Row]:
    """The bundle's graph against eager PyTorch of the same network."""
    torch.set_num_threads(threads)
    runtime, eager = graph_network(graph, threads=threads), eager_network(model)
    rows: list[Row] = []
    for size in (1, 32):
        batch = random_batch(spec, size, seed=size)
        calls = {"eager": partial(eager, batch), "bundle": partial(runtime, batch)}
        repeats = repeats_for(calls["eager"], budget_s=10.0, most=REPEATS)
        slow, fast = in_turns(calls, repeats).values()
        what = f"{title}, batch {size}, {threads} thread{'s' if threads > 1 else ''}"
        rows.append((what, fast.milliseconds, slow.milliseconds, f"{fast.ratio:.2f}x"))
    return rows


def training_step(title: str, name: str, config: Settings, model: nn.Module, spec: InputSpec) -> Row:
    """Forward and backward of a small batch."""
    method = catalog.method(name)
    objective = method.load("objective")(config, torch.nn.functional.cross_entropy)
    arrays = random_batch(spec, STEP, seed=0) | random_batch(InputSpec(inputs=spec.targets), STEP, seed=1)
    batch = {key: torch.from_numpy(value) for key, value in arrays.items()}
    model.train()
    batch["label"] = torch.arange(STEP) % model(**{key: batch[key] for key in spec.names}).logits.shape[1]

    def step() -> None:
        model.zero_grad()
        torch.stack(list(objective(model, batch).values())).sum().backward()

    (taken,) = in_turns({"step": step}, 4).values()
    threads = torch.get_num_threads()
    return (f"{title}, training step of {STEP}, {threads} threads", "", taken.milliseconds, "")


def main() -> None:
    cores = os.cpu_count() or 1
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        rows += start_up(Path(folder))
    for name in catalog.list_methods():
        for label, (config, model, spec) in networks(name).items():
            title, graph = f"{name} {label}", make_graph(model, spec)
            for threads in sorted({1, cores}):
                rows += answers(title, model, spec, graph, threads)
            rows.append(training_step(title, name, config, model, spec))
    lines = [
        machine(),
        "",
        *as_table(("what", "affekt (bundle)", "eager PyTorch", "eager / bundle"), rows),
    ]
    write_report(OUTPUT, lines)


if __name__ == "__main__":
    main()
