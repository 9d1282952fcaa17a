"""A text encoder in all engines and precisions: `make text-benchmarks`.

The encoder is all-MiniLM-L6-v2 with its weights; prototypes and classifier are random.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timing import as_table, in_turns, machine, repeats_for, write_report

from affekt.core import catalog
from affekt.core.answers.networks import Network
from affekt.core.sample import Sample
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.graphs import make_graph
from affekt.deploy.export.tokens import with_token_products_in_8_bits
from affekt.engine.network import eager_network

OUTPUT = Path(__file__).parent / "results" / "text.md"
SIZES, LENGTHS = (1, 32), (16, 128)  # lines, tokens
BASE = "PyTorch eager, f32"
WORDS = ("well", "what", "did", "you", "say", "about", "this", "morning", "nobody", "told", "me", "we", "are")


def network_of() -> tuple[Any, Any, bytes]:
    """Network, config and tokenizer."""
    method = catalog.method("spcl")
    encoder = {"source": "minilm", "pooling": "own"}
    config: Any = method.make_config({"encoders": {"T": encoder}, "context": {"tokens": max(LENGTHS)}})
    config = config.resolved()
    torch.manual_seed(0)
    model = method.load("model")(config)
    model.load_pretrained()
    model.prototypes.normal_()
    model.has_prototype.fill_(True)
    assets = method.load("preprocess")(config).fit_assets([])
    return model.eval(), config, assets


def lines_of(count: int, length: int) -> list[Sample]:
    """Lines of more tokens than the length, which are cut to it; no two are the same."""
    rng = np.random.default_rng(length)
    return [Sample(str(n), {"text": " ".join(rng.choice(WORDS, length))}) for n in range(count)]


def cut(config: Any, length: int) -> Any:
    """The config for lines of a length."""
    return config.model_copy(update={"context": config.context.model_copy(update={"tokens": length})})


def prepared(preprocess: Any, samples: list[Sample]) -> dict[str, np.ndarray]:
    """A batch of lines, tokenized anew."""
    preprocess.tokenizer.ids.cache_clear()
    return preprocess.spec.stack([preprocess(sample) for sample in samples])


def engines(model: Any, graph: bytes, small: bytes, threads: int) -> dict[str, Network]:
    """All engines for the network, by engine and precision of computation."""
    make = partial(graph_network, threads=threads)
    return {
        BASE: eager_network(model),
        "ONNX Runtime, f32": make(graph),
        "OpenVINO, f32": make(graph, backend="openvino"),
        "OpenVINO, bf16": make(graph, backend="openvino", precision="bf16"),
        "ONNX Runtime, int8": make(small),
        "OpenVINO, int8": make(small, backend="openvino"),
    }


def measure(threads: int, budget_s: float, clock: Callable[[], float]) -> list[tuple[str, ...]]:
    """A row for each engine, and one of the tokenizer."""
    torch.set_num_threads(threads)
    model, config, assets = network_of()
    method = catalog.method("spcl")
    graph = make_graph(model.for_export(), method.load("preprocess")(config).spec)
    small = with_token_products_in_8_bits(graph)
    ways = engines(model, graph, small, threads)
    cells: dict[str, list[str]] = {name: [] for name in ("tokenizer", *ways)}
    worst = dict.fromkeys(ways, 0.0)
    for size in SIZES:
        for length in LENGTHS:
            preprocess = method.load("preprocess")(cut(config, length), {}, assets)
            samples = lines_of(size, length)
            tokens = partial(prepared, preprocess, samples)
            batch: Mapping[str, np.ndarray] = tokens()
            assert batch["text"].shape == (size, length)
            calls = {name: partial(network, batch) for name, network in ways.items()}
            repeats = repeats_for(calls[BASE], budget_s=budget_s / len(calls), most=60)
            timed = in_turns({**calls, "tokenizer": tokens}, repeats, clock=clock)
            expected = ways[BASE](batch)
            words = timed["tokenizer"].seconds
            cells["tokenizer"].append(f"{words * 1e3:.2f} ms")
            for name, network in ways.items():
                one = timed[name]
                whole = (timed[BASE].seconds + words) / (one.seconds + words)
                cells[name].append(f"{one.milliseconds}, {one.ratio:.2f}x ({whole:.2f}x)")
                worst[name] = max(worst[name], float(np.abs(network(batch) - expected).max()))
            print(size, length, [row[-1] for row in cells.values()], flush=True)
    sizes = f"{len(graph) / 1e6:.0f} MB in f32, {len(small) / 1e6:.0f} MB in int8"
    print(sizes)
    return [
        *((name, *cells[name], f"{worst[name]:.0e}") for name in ways),
        (f"tokenizer (graph: {sizes})", *cells["tokenizer"], ""),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--budget", type=float, default=60.0, help="seconds for each size of a batch")
    parser.add_argument(
        "--wall", action="store_true", help="measure elapsed time, on an idle machine; else processor time"
    )
    given = parser.parse_args()
    before = os.getloadavg()[0]
    rows = measure(given.threads, given.budget, time.perf_counter if given.wall else time.process_time)
    columns = [f"{size} line{'s' * (size > 1)} of {length} tokens" for size in SIZES for length in LENGTHS]
    lines = [
        f"{machine()[:-1]}, transformers {version('transformers')}, ONNX Runtime {version('onnxruntime')}, "
        f"OpenVINO {version('openvino')}.",
        "",
        f"all-MiniLM-L6-v2 with its weights, {given.threads} thread{'s' * (given.threads > 1)}. Times are "
        f"medians of alternating calls, in {'elapsed' if given.wall else 'processor'} time; the load of the "
        f"machine was {before:.1f} before and {os.getloadavg()[0]:.1f} after. x is the speed-up over {BASE} "
        "in the same rounds, without the tokenizer and, in brackets, with it. The difference is the largest "
        "one of a logit; scores by prototypes reach from 0 to 20.",
        "",
        "Most of the time is in products of tokens with weights, for which PyTorch is nearly as fast as the "
        "engines in f32: what they save is the overhead of short inputs. OpenVINO takes as long for the int8 "
        "graph as in f32.",
        "",
        *as_table(("engine, precision", *columns, "difference"), rows),
    ]
    write_report(OUTPUT, lines)


if __name__ == "__main__":
    main()
