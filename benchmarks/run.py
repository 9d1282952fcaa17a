"""Start-up time, inference and training steps of all methods, against eager PyTorch: `make benchmarks`.

    python benchmarks/run.py [--methods NAME ...] [--sizes 1 8] [--step 8] [--seconds 600] [--gigabytes 4]

Absolute times depend on the machine, which the table names; ratios are computed within rounds, see
`timing.py`. What goes beyond the limits is skipped and listed, see `limits.py`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from limits import Doing, Limits, Skipped
from timing import as_table, in_turns, machine, repeats_for, write_report
from torch import nn

from affekt.core import catalog
from affekt.core.errors import AffektError
from affekt.core.labels import LabelSet
from affekt.core.recipe import LossSettings, Recipe
from affekt.core.settings import Settings, resolve
from affekt.core.spec import InputSpec
from affekt.core.task import find_task
from affekt.data.open import open_dataset
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.export import export
from affekt.deploy.export.graphs import Exportable, make_graph, random_batch
from affekt.engine.network import eager_network
from affekt.engine.objectives.criterion import WeightedLoss
from affekt.engine.train import train
from affekt.media.skeleton import Skeleton

OUTPUT = Path(__file__).parent / "results" / "costs.md"
REPEATS = 15
START_SHARE = 0.2  # of the time, for the start-up
SHARES = 3  # of an equal share of the time that is left, which one network may use
ROUNDS_OF_BOTH = 10  # calls of one network that a row needs at least: warm-up and three rounds of both
Row = tuple[str, ...]


def python(code: str, *arguments: str) -> Callable[[], object]:
    """A call that runs `code` in a new interpreter."""
    return lambda: subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True)


def start_up(folder: Path, seconds: float) -> Iterator[Row | Doing]:
    """Time of the import, and of a cold prediction of one walk with a small bundle.

    Args:
        seconds: For the calls of each row.
    """
    yield Doing("the import")
    starts = {"bare": python("pass"), "affekt": python("import affekt")}
    repeats = repeats_for(starts["affekt"], budget_s=seconds / 2, most=REPEATS)
    bare, ours = in_turns(starts, repeats).values()
    beyond = ours.seconds - bare.seconds
    yield ("`import affekt`, beyond a bare interpreter", f"{beyond * 1e3:.0f} ms", "", "")
    yield Doing("the cold prediction")
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
    (cold,) = in_turns({"cold": asked}, repeats_for(asked, budget_s=seconds, most=REPEATS)).values()
    yield ("`affekt predict` cold, one walk, width 16", f"{cold.seconds:.2f} s", "", "")


def configs(name: str) -> dict[str, Settings]:
    """Configs of a method: the published one, and those of its recipes."""
    method = catalog.method(name)
    recipes = sorted((method.folder / "recipes").glob("*.toml"))
    found = {"as published": method.make_config()}
    return found | {f"recipe {file.stem}": method.make_config(Recipe.load([file]).config) for file in recipes}


def network(name: str, label: str) -> tuple[Settings, nn.Module, InputSpec]:
    """One network of a method, with random weights."""
    method, config = catalog.method(name), resolve(configs(name)[label])
    return config, method.load("model")(config).eval(), method.load("preprocess")(config).spec


def networks(names: Sequence[str]) -> Iterator[tuple[str, str, int] | Skipped]:
    """Method, config and number of values of all networks with other tensors than those before.

    Recipes for other data often train the same network.
    """
    for name in names:
        known: list[list[torch.Size]] = []
        for label, config in configs(name).items():
            try:
                config = resolve(config)
            except AffektError as error:  # a pretrained encoder that is not here
                yield Skipped(f"{name} {label}: {str(error).splitlines()[0]}")
                continue
            with torch.device("meta"):  # shapes without values
                model = catalog.method(name).load("model")(config)
            shapes = [value.shape for value in model.state_dict().values()]
            if shapes not in known:
                known.append(shapes)
                yield name, label, sum(shape.numel() for shape in shapes)


def rows_of(
    name: str, label: str, sizes: Sequence[int], step: int, threads: Sequence[int], end: float
) -> Iterator[Row | Doing | Skipped]:
    """All rows of one network: answers, the smallest batches first, and a training step.

    Args:
        end: When this has to be done, by `time.monotonic`.
    """
    config, model, spec = network(name, label)
    yield from answers(f"{name} {label}", model, spec, sizes, threads, end)
    if any(find_task(task).by_cells for task in catalog.method(name).tasks):
        yield Skipped("a training step on cells of time, which benchmarks/long_video.py measures")
    else:
        yield from training_step(f"{name} {label}", name, config, model, spec, step)


def answers(
    title: str, model: nn.Module, spec: InputSpec, sizes: Sequence[int], threads: Sequence[int], end: float
) -> Iterator[Row | Doing | Skipped]:
    """The bundle's graph against eager PyTorch of the same network."""
    yield Doing("the graph")
    graph = make_graph(model.for_export() if isinstance(model, Exportable) else model, spec)
    slowest: dict[int, float] = {}  # seconds of a row in eager PyTorch, by threads
    for size in sorted(sizes):
        batch = random_batch(spec, size, seed=size)
        for count in threads:
            what = f"batch {size}, {count} thread{'s' if count > 1 else ''}"
            left = end - time.monotonic()
            if ROUNDS_OF_BOTH * size * slowest.get(count, 0.0) > left:
                yield Skipped(f"{what}, for which {left:.0f} s are too short")
                continue
            yield Doing(what)
            torch.set_num_threads(count)
            runtime, eager = graph_network(graph, threads=count), eager_network(model)
            calls = {"eager": partial(eager, batch), "bundle": partial(runtime, batch)}
            repeats = repeats_for(calls["eager"], budget_s=min(10.0, left / 10), most=REPEATS)
            slow, fast = in_turns(calls, repeats).values()
            slowest[count] = slow.seconds / size
            yield (f"{title}, {what}", fast.milliseconds, slow.milliseconds, f"{fast.ratio:.2f}x")


def training_step(
    title: str, name: str, config: Settings, model: nn.Module, spec: InputSpec, size: int
) -> Iterator[Row | Doing]:
    """Forward and backward of a small batch."""
    yield Doing(f"the training step of {size}")
    method = catalog.method(name)
    arrays = random_batch(spec, size, seed=0) | random_batch(InputSpec(inputs=spec.targets), size, seed=1)
    batch = {key: torch.from_numpy(value) for key, value in arrays.items()}
    model.train()
    classes = model(**{key: batch[key] for key in spec.names}).logits.shape[1]
    batch["label"] = torch.arange(size) % classes
    labels = LabelSet.of(*(f"class {number}" for number in range(classes)))
    criterion = WeightedLoss(LossSettings(), find_task(method.tasks[0]), None, labels)
    objective = method.load("objective")(config, criterion)

    def step() -> None:
        model.zero_grad()
        torch.stack(list(objective(model, batch).values())).sum().backward()

    (taken,) = in_turns({"step": step}, 4).values()
    threads = torch.get_num_threads()
    yield (f"{title}, training step of {size}, {threads} threads", "", taken.milliseconds, "")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--methods", nargs="+", default=catalog.list_methods(), choices=catalog.list_methods()
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 8], help="rows of a batch")
    parser.add_argument("--step", type=int, default=8, help="rows of a training step")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    Limits.add_to(parser)
    given = parser.parse_args()
    limits, rows = Limits.of(given), []
    with tempfile.TemporaryDirectory() as folder:
        work = partial(start_up, Path(folder), limits.seconds / 30)
        rows += limits.run("start-up", work, end=limits.end(START_SHARE))
    threads = sorted({1, os.cpu_count() or 1})
    parts = limits.run("networks", partial(networks, given.methods), end=limits.end(START_SHARE))
    # Small networks first: what they leave of the time, the large ones may use.
    for place, (name, label, _) in enumerate(sorted(parts, key=lambda part: part[2])):
        end = limits.end(min(1.0, SHARES / (len(parts) - place)))
        work = partial(rows_of, name, label, given.sizes, given.step, threads, end)
        rows += limits.run(f"{name} {label}", work, end=end)
    lines = [
        machine(),
        "",
        *as_table(("what", "affekt (bundle)", "eager PyTorch", "eager / bundle"), rows),
        *limits.lines(),
    ]
    write_report(given.output, lines)
    limits.check()


if __name__ == "__main__":
    main()
