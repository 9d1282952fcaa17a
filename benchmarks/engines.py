"""Every engine for every method at its published size: the claim that Jittor is faster, and the limit.

    python benchmarks/engines.py [--methods NAME ...] [--batches 1 8] [--threads 1 2] [--training]
                                 [--keep] [--seconds 600] [--gigabytes 8]

Networks of the methods' default configs, with random weights and generated inputs. Each engine answers the
same batch again and again in a process of its own, warm and synchronised; medians. First answers, of the
first size, include compilation, or loading of the graph, not its export. The share of the peak is that of a
large matrix product in ONNX Runtime in f32 on the same threads: the network's multiply-adds over its time;
bf16 can exceed it. Memory is what the engine's processes grew by. A training step is forward and backward in
training mode. Networks of words are measured by `benchmarks/text.py`: their size is that of an encoder.
Written to `benchmarks/results/engines.md`; with `--keep`, rows of networks that are not measured now stay in
it, if they are of the same kind of machine.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import psutil
from limits import Doing, Limits
from limits import Skipped as LeftOut
from timing import as_table, in_turns, machine, write_report

from affekt.core import catalog
from affekt.core.errors import AffektError
from affekt.core.spec import InputSpec
from affekt.deploy.backends.network import graph_network
from affekt.deploy.bench.inputs import open_sizes
from affekt.deploy.bench.matrix_product import product_graph, product_input, product_multiply_adds
from affekt.deploy.bench.multiply_adds import network_multiply_adds

if TYPE_CHECKING:
    from torch import nn

OUTPUT = Path(__file__).parent / "results" / "engines.md"
METHODS = (
    "compact_face", "compact_voice", "compact_text", "bpm_gcn", "chfen", "tsl_net", "poster_v2", "vaanet",
    "cten",
)  # fmt: skip
ENGINES = ("PyTorch", "PyTorch, compiled", "Jittor", "ONNX Runtime", "OpenVINO", "OpenVINO, bf16")
TURNS = 7
LONGEST_S = 20.0  # of one answer: slower ones are timed once

Answer = Callable[[Mapping[str, np.ndarray]], Any]


class Measured(NamedTuple):
    """What one engine does with one size of the batch."""

    engine: str
    size: int
    first_s: float | None  # of the first size
    later_s: float
    grown_mb: float


def spec_of(name: str) -> InputSpec:
    """The inputs of a method's default config."""
    method = catalog.method(name)
    return method.make_preprocess(method.make_config({})).spec


def network_of(name: str) -> nn.Module:
    """The network of a method's default config."""
    import torch

    method = catalog.method(name)
    torch.manual_seed(0)
    return method.load("model")(method.make_config({})).eval()


def batch_of(spec: InputSpec, size: int) -> dict[str, np.ndarray]:
    """Generated inputs, as `affekt bench` makes them."""
    return spec.example(np.random.default_rng(0), size, open_sizes(spec))


def export(name: str, sizes: tuple[int, ...], file: Path) -> Iterator[dict[int, int]]:
    """Write a method's graph; its multiply-adds for each size of the batch."""
    from affekt.deploy.export.graphs import make_graph

    spec = spec_of(name)
    graph = make_graph(network_of(name), spec)
    file.write_bytes(graph)
    network = graph_network(graph)
    yield {size: network_multiply_adds(network, batch_of(spec, size)).total for size in sizes}


def eager(name: str, threads: int, *, compiled: bool) -> Callable[[], Answer]:
    """What opens a network in PyTorch."""
    import torch

    torch.set_num_threads(threads)
    model = network_of(name)
    called: Any = torch.compile(model) if compiled else model

    def answer(batch: Mapping[str, np.ndarray]) -> Any:
        with torch.inference_mode():
            return called(**{key: torch.from_numpy(value) for key, value in batch.items()})

    return lambda: answer


def opener(engine: str, name: str, threads: int, graph: Path) -> Callable[[], Answer]:
    """What opens an engine: compiles the network, or loads its graph."""
    if engine.startswith("PyTorch"):
        return eager(name, threads, compiled="compiled" in engine)
    backend: Any = {"Jittor": "jittor", "ONNX Runtime": "onnxruntime"}.get(engine, "openvino")
    precision: Any = "bf16" if engine.endswith("bf16") else "f32"
    content = graph.read_bytes()
    return lambda: graph_network(content, backend=backend, precision=precision, threads=threads).outputs


def one_engine(
    engine: str, name: str, sizes: tuple[int, ...], threads: int, graph: Path
) -> Iterator[Measured | Doing | LeftOut]:
    """The first answer, and the median of later ones for each size of the batch."""
    yield Doing(engine)
    spec, opens = spec_of(name), opener(engine, name, threads, graph)
    before = resident()
    begun, first_s = time.perf_counter(), None
    try:
        answer = opens()
        for size in sizes:
            batch = batch_of(spec, size)
            answer(batch)
            first_s = time.perf_counter() - begun if size == sizes[0] else None
            later_s = seconds_of(partial(answer, batch))
            grown = resident() - before
            yield Measured(engine, size, first_s, later_s, grown / 2**20)
    except (AffektError, RuntimeError) as error:  # a compiler that fails raises one of the latter kind
        yield LeftOut(f"{engine}: {str(error).splitlines()[0][:120]}")


def resident() -> int:
    """Bytes of memory of this process and those that it started, such as Jittor's."""
    here = psutil.Process()
    return sum(it.memory_info().rss for it in (here, *here.children(recursive=True)))


def seconds_of(call: Callable[[], Any]) -> float:
    """Median of some calls, or the time of a single long one."""
    begun = time.perf_counter()
    call()
    once = time.perf_counter() - begun
    if once > LONGEST_S:
        return once
    return in_turns({"it": call}, max(3, min(TURNS, int(10 / once))))["it"].seconds


def training_step(
    engine: str, name: str, sizes: tuple[int, ...], threads: int
) -> Iterator[Measured | Doing | LeftOut]:
    """A step in training mode: forward and backward, no optimizer."""
    import torch

    from affekt.core.recipe import Recipe
    from affekt.engine.framework import ComputedNetwork

    yield Doing(f"{engine}, training step")
    torch.set_num_threads(threads)
    spec, model = spec_of(name), network_of(name)
    model.train()
    if engine == "Jittor":
        recipe = {"method": name, "data": {"name": "walkers"}, "train": {"threads": threads}}
        compute = catalog.framework("jittor").open(model, spec, Recipe.from_values(recipe))
        model = ComputedNetwork(model, compute)
    before = resident()
    for size in sizes:
        batch = {key: torch.from_numpy(value) for key, value in batch_of(spec, size).items()}

        def step(batch: Mapping[str, torch.Tensor] = batch) -> None:
            model.zero_grad()
            model(**batch).logits.float().square().mean().backward()

        begun = time.perf_counter()
        step()
        first_s = time.perf_counter() - begun
        later_s = seconds_of(step)
        grown = resident() - before
        yield Measured(f"{engine}, training step", size, first_s, later_s, grown / 2**20)


def peak_rate(threads: int) -> Iterator[float]:
    """Multiply-adds a second of a large matrix product in ONNX Runtime."""
    product = graph_network(product_graph(), threads=threads)
    given = product_input()
    yield product_multiply_adds() / in_turns({"it": partial(product.outputs, given)}, 20)["it"].seconds


def rows_of(limits: Limits, options: argparse.Namespace) -> list[tuple[str, ...]]:
    """A row for each method, size of the batch, number of threads and engine."""
    rows: list[tuple[str, ...]] = []
    rates = {
        threads: limits.run(f"matrix product, {threads} threads", partial(peak_rate, threads))
        for threads in options.threads
    }
    chosen, sizes = options.methods or METHODS, tuple(options.batches)
    with tempfile.TemporaryDirectory() as folder:
        for place, name in enumerate(chosen):
            file, end = Path(folder, f"{name}.onnx"), limits.end(1 / (len(chosen) - place))
            counted = limits.run(f"{name}: export", partial(export, name, sizes, file), end=end)
            if not counted:
                continue
            for threads in options.threads:
                what = f"{name}, {threads} thread{'s' if threads > 1 else ''}"
                parts = {it: partial(one_engine, it, name, sizes, threads, file) for it in ENGINES}
                for engine in ("PyTorch", "Jittor") if options.training else ():
                    parts[f"{engine}, training step"] = partial(training_step, engine, name, sizes, threads)
                found = [
                    it
                    for engine, part in parts.items()
                    for it in limits.run(f"{what}, {engine}", part, end=end)
                ]
                rows += as_rows(name, threads, found, counted[0], rates[threads])
    return rows


def as_rows(
    name: str, threads: int, found: list[Measured], multiply_adds: Mapping[int, int], rate: list[float]
) -> list[tuple[str, ...]]:
    """Rows of the table, by size of the batch."""
    eager = {(it.engine, it.size): it.later_s for it in found if it.engine.startswith("PyTorch")}
    rows: list[tuple[str, ...]] = []
    for it in sorted(found, key=lambda it: it.size):
        is_step = it.engine.endswith("step")
        base = eager.get(("PyTorch, training step" if is_step else "PyTorch", it.size))
        share = "" if is_step or not rate else f"{multiply_adds[it.size] / it.later_s / rate[0]:.0%}"
        rows.append(
            (
                name,
                f"{it.size}",
                f"{threads}",
                it.engine,
                f"{it.later_s * 1e3:.2f} ms",
                f"{base / it.later_s:.2f}x" if base else "",
                share,
                f"{it.grown_mb:.0f} MB",
                "" if it.first_s is None else f"{it.first_s:.1f} s",
            )
        )
    return rows


def kept_rows(path: Path, measured: Sequence[str]) -> list[tuple[str, ...]]:
    """Rows of other networks in the table, if it was measured on this kind of machine."""
    lines = path.read_text().splitlines() if path.exists() else []
    if machine() not in lines:
        return []
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")
    ]
    return [row for row in rows[2:] if row[0] not in measured]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="*", choices=METHODS)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--training", action="store_true", help="also training steps")
    parser.add_argument("--keep", action="store_true", help="keep the rows of other networks in the table")
    Limits.add_to(parser)
    options = parser.parse_args()
    limits = Limits.of(options)
    rows = rows_of(limits, options)
    if options.keep:
        rows += kept_rows(OUTPUT, options.methods or METHODS)
    rows.sort(key=lambda row: METHODS.index(row[0]))
    columns = (
        "network", "batch", "threads", "engine", "answer", "against eager", "share of the peak", "memory",
        "first answer",
    )  # fmt: skip
    write_report(OUTPUT, ["# Engines", "", machine(), "", *as_table(columns, rows), *limits.lines()])
    limits.check()


if __name__ == "__main__":
    main()
