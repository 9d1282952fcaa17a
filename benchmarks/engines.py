"""Every engine for every method at its published size: the claim that Jittor is faster, and the limit.

    python benchmarks/engines.py [--methods NAME ...] [--batches 1 8] [--threads 1 2] [--training]
                                 [--seconds 600] [--gigabytes 8]

Networks of the methods' default configs, with random weights and generated inputs. Each engine answers the same
batch in turn, warm and synchronised; medians. First answers include compilation, or loading of the graph. The
share of the peak is that of a large matrix product in ONNX Runtime in f32 on the same threads: the network's
multiply-adds over its time. Peak memory is that of a process which opens the engine and answers once. Networks of
words, whose size is that of their encoder, are measured in `benchmarks/text.py`. Written to
`benchmarks/results/engines.md`.
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
from affekt.deploy.bench.machine import peak_bytes
from affekt.deploy.bench.matrix_product import product_graph, product_input, product_multiply_adds
from affekt.deploy.bench.multiply_adds import network_multiply_adds
from affekt.deploy.export.graphs import make_graph

OUTPUT = Path(__file__).parent / "results" / "engines.md"
METHODS = ("compact_face", "compact_voice", "compact_text", "bpm_gcn", "chfen", "tsl_net", "poster_v2", "vaanet",
           "cten")  # fmt: skip
ENGINES = ("PyTorch", "PyTorch, compiled", "Jittor", "ONNX Runtime", "OpenVINO", "OpenVINO, bf16")
TURNS = 7
LONGEST_S = 20.0  # of one answer: slower ones are timed once


def network_of(name: str) -> tuple[torch.nn.Module, InputSpec]:
    """The network of a method's default config, and its inputs."""
    method = catalog.method(name)
    config = method.make_config({})
    torch.manual_seed(0)
    return method.load("model")(config).eval(), method.make_preprocess(config).spec


def batch_of(spec: InputSpec, size: int) -> dict[str, np.ndarray]:
    """Generated inputs, as `affekt bench` makes them."""
    return spec.example(np.random.default_rng(0), size, open_sizes(spec))


def opened(engine: str, name: str, threads: int) -> Callable[[Mapping[str, np.ndarray]], Any]:
    """An engine as a function of a batch."""
    model, spec = network_of(name)
    torch.set_num_threads(threads)
    if engine.startswith("PyTorch"):
        called: Any = torch.compile(model) if "compiled" in engine else model

        def answer(batch: Mapping[str, np.ndarray]) -> Any:
            with torch.inference_mode():
                return called(**{key: torch.from_numpy(value) for key, value in batch.items()})

        return answer
    backend: Any = {"Jittor": "jittor", "ONNX Runtime": "onnxruntime"}.get(engine, "openvino")
    precision: Any = "bf16" if engine.endswith("bf16") else "f32"
    network = graph_network(make_graph(model, spec), backend=backend, precision=precision, threads=threads)
    return network.outputs


def one_engine(engine: str, name: str, size: int, threads: int) -> Iterator[tuple[str, float, float, float]]:
    """First answer, median of later ones in seconds, and peak memory in MB, in a process of its own."""
    yield Doing(f"{engine}, {name}")  # pyright: ignore[reportReturnType]
    _, spec = network_of(name)
    batch = batch_of(spec, size)
    begun = time.perf_counter()
    try:
        answer = opened(engine, name, threads)
        answer(batch)
    except (AffektError, RuntimeError, torch._dynamo.exc.TorchDynamoException) as error:
        yield LeftOut(f"{engine}: {str(error).splitlines()[0][:120]}")  # pyright: ignore[reportReturnType]
        return
    first_s = time.perf_counter() - begun
    again = time.perf_counter()
    answer(batch)
    later_s = time.perf_counter() - again
    if later_s < LONGEST_S:
        turns = in_turns({"it": partial(answer, batch)}, max(3, min(TURNS, int(10 / max(later_s, 1e-4)))))
        later_s = turns["it"].seconds
    yield engine, first_s, later_s, (peak_bytes() or 0) / 1e6


def training_step(name: str, size: int, threads: int) -> Iterator[tuple[str, float]]:
    """A step of PyTorch in training mode: forward, backward, no optimizer."""
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
    cells = [
        (name, size, threads) for size in options.batches for threads in options.threads for name in METHODS
    ]
    cells = [cell for cell in cells if not options.methods or cell[0] in options.methods]
    rates = {
        threads: limits.run(f"matrix product, {threads} threads", partial(peak_rate, threads))
        for threads in options.threads
    }
    for place, (name, size, threads) in enumerate(cells):
        what = f"{name}, batch {size}, {threads} thread{'s' if threads > 1 else ''}"
        end = limits.end(1 / (len(cells) - place))
        counted = limits.run(f"{what}: multiply-adds", partial(multiply_adds, name, size), end=end)
        found = {}
        for engine in ENGINES:
            for row in limits.run(
                f"{what}, {engine}", partial(one_engine, engine, name, size, threads), end=end
            ):
                found[row[0]] = row[1:]
        eager = found.get("PyTorch", (0.0, 0.0, 0.0))[1]
        for engine, (first_s, later_s, megabytes) in found.items():
            share = ""
            if counted and rates[threads]:
                share = f"{counted[0] / later_s / rates[threads][0]:.0%}"
            ratio = f"{eager / later_s:.2f}x" if eager else ""
            rows.append(
                (
                    what,
                    engine,
                    f"{later_s * 1e3:.1f} ms",
                    ratio,
                    share,
                    f"{first_s:.1f} s",
                    f"{megabytes:.0f} MB",
                )
            )
        if options.training:
            for engine, seconds in limits.run(
                f"{what}: training step", partial(training_step, name, size, threads), end=end
            ):
                rows.append((what, f"{engine}, training step", f"{seconds * 1e3:.1f} ms", "", "", "", ""))
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
    columns = (
        "network",
        "engine",
        "answer",
        "against eager",
        "share of the peak",
        "first answer",
        "peak memory",
    )
    lines = ["# Engines", "", machine(), "", *as_table(columns, rows), *limits.lines()]
    write_report(OUTPUT, lines)
    limits.check()


if __name__ == "__main__":
    main()
