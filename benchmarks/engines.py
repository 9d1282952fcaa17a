"""Every engine for every method at its published size: the claim that Jittor is faster, and the limit.

    python benchmarks/engines.py [--methods NAME ...] [--batches 1 8] [--threads 1 2] [--training]
                                 [--seconds 600] [--gigabytes 8]

Networks of the methods' default configs, with random weights and generated inputs. Each engine answers the
same batch again and again in a process of its own, warm and synchronised; medians. First answers include
compilation, or loading of the graph, not its export. The share of the peak is that of a large matrix product
in ONNX Runtime in f32 on the same threads: the network's multiply-adds over its time; bf16 can exceed it.
Memory is measured by `affekt bench`, and networks of words by `benchmarks/text.py`: their size is that of an
encoder. Written to `benchmarks/results/engines.md`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
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
from affekt.deploy.export.graphs import make_graph

OUTPUT = Path(__file__).parent / "results" / "engines.md"
METHODS = (
    "compact_face", "compact_voice", "compact_text", "bpm_gcn", "chfen", "tsl_net", "poster_v2", "vaanet",
    "cten",
)  # fmt: skip
ENGINES = ("PyTorch", "PyTorch, compiled", "Jittor", "ONNX Runtime", "OpenVINO", "OpenVINO, bf16")
TURNS = 7
LONGEST_S = 20.0  # of one answer: slower ones are timed once

Answer = Callable[[Mapping[str, np.ndarray]], Any]


def network_of(name: str) -> tuple[torch.nn.Module, InputSpec]:
    """The network of a method's default config, and its inputs."""
    method = catalog.method(name)
    config = method.make_config({})
    torch.manual_seed(0)
    return method.load("model")(config).eval(), method.make_preprocess(config).spec


def batch_of(spec: InputSpec, size: int) -> dict[str, np.ndarray]:
    """Generated inputs, as `affekt bench` makes them."""
    return spec.example(np.random.default_rng(0), size, open_sizes(spec))


def opener(engine: str, name: str, threads: int) -> Callable[[], Answer]:
    """What opens an engine: compiles it, or loads the graph, which is exported here."""
    model, spec = network_of(name)
    torch.set_num_threads(threads)
    if engine.startswith("PyTorch"):
        called: Any = torch.compile(model) if "compiled" in engine else model

        def answer(batch: Mapping[str, np.ndarray]) -> Any:
            with torch.inference_mode():
                return called(**{key: torch.from_numpy(value) for key, value in batch.items()})

        return lambda: answer
    backend: Any = {"Jittor": "jittor", "ONNX Runtime": "onnxruntime"}.get(engine, "openvino")
    precision: Any = "bf16" if engine.endswith("bf16") else "f32"
    graph = make_graph(model, spec)
    return lambda: graph_network(graph, backend=backend, precision=precision, threads=threads).outputs


def one_engine(engine: str, name: str, size: int, threads: int) -> Iterator[Any]:
    """First answer and median of later ones, in seconds."""
    yield Doing(f"{engine}, {name}")
    _, spec = network_of(name)
    batch, opens = batch_of(spec, size), opener(engine, name, threads)
    begun = time.perf_counter()
    try:
        answer = opens()
        answer(batch)
    except (AffektError, RuntimeError) as error:  # a compiler that fails raises one of the latter kind
        yield LeftOut(f"{engine}: {str(error).splitlines()[0][:120]}")
        return
    first_s = time.perf_counter() - begun
    again = time.perf_counter()
    answer(batch)
    later_s = time.perf_counter() - again
    if later_s < LONGEST_S:
        turns = max(3, min(TURNS, int(10 / later_s)))
        later_s = in_turns({"it": partial(answer, batch)}, turns)["it"].seconds
    yield engine, first_s, later_s


def training_step(name: str, size: int, threads: int) -> Iterator[tuple[str, float]]:
    """A step of PyTorch in training mode: forward and backward, no optimizer."""
    model, spec = network_of(name)
    torch.set_num_threads(threads)
    batch = {key: torch.from_numpy(value) for key, value in batch_of(spec, size).items()}
    model.train()

    def step() -> None:
        model.zero_grad()
        model(**batch).logits.float().square().mean().backward()

    yield "PyTorch", in_turns({"it": step}, 3)["it"].seconds


def multiply_adds(name: str, size: int) -> Iterator[int]:
    """Of one batch."""
    model, spec = network_of(name)
    yield network_multiply_adds(graph_network(make_graph(model, spec)), batch_of(spec, size)).total


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
    chosen = options.methods or METHODS
    cells = [(name, size, it) for size in options.batches for it in options.threads for name in chosen]
    for place, (name, size, threads) in enumerate(cells):
        what = f"{name}, batch {size}, {threads} thread{'s' if threads > 1 else ''}"
        end = limits.end(1 / (len(cells) - place))
        counted = limits.run(f"{what}: multiply-adds", partial(multiply_adds, name, size), end=end)
        found: dict[str, tuple[float, float]] = {}
        for engine in ENGINES:
            part = partial(one_engine, engine, name, size, threads)
            for row in limits.run(f"{what}, {engine}", part, end=end):
                found[row[0]] = row[1:]
        for engine, (first_s, later_s) in found.items():
            share = f"{counted[0] / later_s / rates[threads][0]:.0%}" if counted and rates[threads] else ""
            ratio = f"{found['PyTorch'][1] / later_s:.2f}x" if "PyTorch" in found else ""
            rows.append((what, engine, f"{later_s * 1e3:.1f} ms", ratio, share, f"{first_s:.1f} s"))
        if options.training:
            step = partial(training_step, name, size, threads)
            for engine, seconds in limits.run(f"{what}: training step", step, end=end):
                rows.append((what, f"{engine}, training step", f"{seconds * 1e3:.1f} ms", "", "", ""))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", nargs="*", choices=METHODS)
    parser.add_argument("--batches", type=int, nargs="+", default=[1])
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--training", action="store_true", help="also a training step of PyTorch")
    Limits.add_to(parser)
    options = parser.parse_args()
    limits = Limits.of(options)
    rows = rows_of(limits, options)
    columns = ("network", "engine", "answer", "against eager", "share of the peak", "first answer")
    write_report(OUTPUT, ["# Engines", "", machine(), "", *as_table(columns, rows), *limits.lines()])
    limits.check()


if __name__ == "__main__":
    main()
