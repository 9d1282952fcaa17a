"""Face networks in all engines and precisions: `make face-benchmarks DATA=DIR RUNS="RUN ..."`.

Speed and score of each row are of the same graph. Scores are those of trained runs on their test split; the
published POSTER V2 is timed with random weights, because its trained ones cannot be published here.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from limits import Doing, Limits
from timing import Timed, as_table, in_turns, machine, repeats_for, write_report
from torch import nn

from affekt.core import catalog
from affekt.core.answers.networks import Network
from affekt.core.dataset import Corpus
from affekt.core.files.sealed import read_sealed
from affekt.core.recipe import Recipe
from affekt.core.sample import Preprocess, Sample
from affekt.data.open import open_dataset
from affekt.deploy.backends.network import graph_network
from affekt.deploy.export.convolutions import with_convolutions_in_8_bits
from affekt.deploy.export.graphs import make_graph, random_batch
from affekt.engine.loading import SampleDataset, train_loader
from affekt.engine.network import checkpoint_model, eager_network
from affekt.engine.runs.run import open_run
from affekt.engine.splits import part

OUTPUT = Path(__file__).parent / "results" / "faces.md"
SIZES, BUDGET_S = (1, 16), 20.0
LOADING_SHARE = 0.2  # of the time
CALIBRATION, LOADED = 128, 2048  # faces
BASE = "PyTorch eager, f32"


def engines(model: nn.Module, graph: bytes, small: bytes, threads: int) -> dict[str, Network]:
    """All engines for the network, by engine and precision of computation."""
    torch.set_num_threads(threads)
    plain = eager_network(model)

    def autocast(batch: Mapping[str, np.ndarray]) -> np.ndarray:
        with torch.autocast("cpu", torch.bfloat16):
            tensors = {name: torch.from_numpy(array) for name, array in batch.items()}
            with torch.inference_mode():
                return model(**tensors).logits.float().numpy()

    make = partial(graph_network, threads=threads)
    return {
        BASE: plain,
        "PyTorch eager, bf16 (autocast)": autocast,
        "ONNX Runtime, f32": make(graph),
        "OpenVINO, f32": make(graph, backend="openvino"),
        "OpenVINO, bf16": make(graph, backend="openvino", precision="bf16"),
        "ONNX Runtime, int8 convolutions": make(small),
        "OpenVINO, int8 convolutions, rest f32": make(small, backend="openvino"),
        "OpenVINO, int8 convolutions, rest bf16": make(small, backend="openvino", precision="bf16"),
    }


def rows_of(
    title: str,
    model: nn.Module,
    preprocess: Preprocess,
    calibration: Sequence[Sample],
    test: tuple[Corpus, list[Sample]] | None,
    threads: Sequence[int],
) -> Iterator[tuple[str, ...] | Doing]:
    """A row for each engine, of one network."""
    yield Doing("the graphs")
    graph = make_graph(model, preprocess.spec)
    views = [preprocess(sample) for sample in calibration]
    stacked = {name: np.stack([view[name] for view in views]) for name in preprocess.spec.names}
    batches = [
        {name: values[start : start + 8] for name, values in stacked.items()}
        for start in range(0, len(views), 8)
    ]
    small = with_convolutions_in_8_bits(graph, batches)
    yield Doing("the scores")
    scores = accuracies(engines(model, graph, small, max(threads)), preprocess, *test) if test else {}
    faces = {name: values[:16] for name, values in stacked.items()}
    for count in threads:
        yield Doing(f"{count} thread{'s' * (count > 1)}")
        ways = engines(model, graph, small, count)
        expected = ways[BASE](faces)
        timed: dict[int, dict[str, Timed]] = {}
        for size in SIZES:
            batch = random_batch(preprocess.spec, size, seed=size)
            calls = {name: partial(network, batch) for name, network in ways.items()}
            repeats = repeats_for(calls[BASE], budget_s=BUDGET_S / len(ways), most=40)
            timed[size] = in_turns(calls, repeats)
        for name, network in ways.items():
            change = f"{100 * (scores[name] - scores[BASE]):+.2f}" if scores else "-"
            cells = [f"{t.milliseconds}, {t.ratio:.1f}x" for t in (timed[size][name] for size in SIZES)]
            drift = f"{np.abs(network(faces) - expected).max():.0e}"
            yield (f"{title}, {count} thread{'s' * (count > 1)}", name, *cells, drift, change)


def accuracies(
    ways: Mapping[str, Network], preprocess: Preprocess, corpus: Corpus, samples: list[Sample]
) -> dict[str, float]:
    """Accuracy of each engine on the same samples, views averaged as in a prediction."""
    found: dict[str, float] = {}
    for name, network in ways.items():
        answers = corpus.task.answer(samples, preprocess, network)
        found[name] = corpus.task.gate_scores(answers, corpus.labels)["accuracy"]
    return found


def trained(path: Path, data_root: Path, faces: int) -> tuple[str, nn.Module, Preprocess, list[Sample], Any]:
    """Network, preprocessing, calibration samples and test samples of a run."""
    run = open_run(path)
    sealed = read_sealed(run.best, kind="checkpoint")
    method = catalog.method(run.recipe.method)
    preprocess = method.load("preprocess")(
        method.make_config(run.recipe.config), sealed.document["preprocessing"]
    )
    corpus = open_dataset(run.recipe.data.name, data_root, run.recipe.data.options)
    parts = part(corpus.samples, run.recipe.split)
    rng = np.random.default_rng(0)
    calibration = [parts.train[place] for place in rng.permutation(len(parts.train))[:CALIBRATION]]
    test = [parts.test[place] for place in rng.permutation(len(parts.test))[:faces]]
    title = f"{method.name}, trained ({run.recipe.digest()[:8]})"
    return title, checkpoint_model(sealed), preprocess, calibration, (corpus, test)


def measure(
    run: Path | None, data_root: Path, faces: int, threads: Sequence[int]
) -> Iterator[tuple[str, ...] | Doing]:
    """Rows of a trained run, or of POSTER V2 as published with random weights."""
    if run:
        title, model, preprocess, calibration, test = trained(run, data_root, faces)
        yield from rows_of(title, model, preprocess, calibration, test, threads)
        return
    samples = open_dataset("fer2013", data_root).samples
    calibration = [samples[place] for place in np.random.default_rng(0).permutation(len(samples))[:32]]
    method = catalog.method("poster_v2")
    config = method.make_config()
    torch.manual_seed(0)
    model = method.load("model")(config).eval()
    yield from rows_of(
        "poster_v2 as published", model, method.load("preprocess")(config), calibration, None, threads
    )


def loading(data_root: Path) -> Iterator[tuple[str, ...] | Doing]:
    """Training views per second, decoded and augmented, by number of worker processes."""
    corpus = open_dataset("fer2013", data_root)
    samples = [sample for sample in corpus.samples if sample.split == "train"][:LOADED]
    for name in ("compact_face", "poster_v2"):
        yield Doing(name)
        cells: list[str] = []
        for workers in (0, 1, 2):
            recipe = Recipe.load([f"{name}/fer2013"], [f"train.workers={workers}"])
            preprocess = catalog.method(name).load("preprocess")(
                catalog.method(name).make_config(recipe.config)
            )
            loader = train_loader(
                SampleDataset(samples, preprocess, corpus.labels, corpus.task, seed=0), recipe
            )
            (taken,) = in_turns({"epoch": lambda loader=loader: sum(1 for _ in loader)}, 3).values()
            cells.append(f"{LOADED / taken.seconds:.0f}")
        yield (f"{name}, {recipe.data.name}", *cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-root", type=Path, required=True, help="FER2013")
    parser.add_argument("--run", type=Path, action="append", default=[], help="a trained run on it")
    parser.add_argument(
        "--faces", type=int, default=256, help="test faces on which scores are computed, at most 3488"
    )
    parser.add_argument("--threads", type=int, action="append", help="default: 1 and all cores")
    Limits.add_to(parser)
    given = parser.parse_args()
    limits = Limits.of(given)
    threads = given.threads or sorted({1, torch.get_num_threads()})
    loaded = limits.run("loading", partial(loading, given.data_root), end=limits.end(LOADING_SHARE))
    rows: list[tuple[str, ...]] = []
    networks = (*given.run, None)
    for place, path in enumerate(networks):
        work = partial(measure, path, given.data_root, given.faces, threads)
        name = str(path) if path else "poster_v2 as published"
        rows += limits.run(name, work, end=limits.end(1 / (len(networks) - place)))
    lines = [
        f"{machine()[:-1]}, ONNX Runtime {version('onnxruntime')}, OpenVINO {version('openvino')}.",
        "",
        f"Times are medians of alternating calls; x is the speed-up over {BASE} in the same rounds. The "
        "difference is the largest one of a logit over 16 faces. The score is the change of accuracy in "
        f"points on {given.faces} faces of the FER2013 test split; `poster_v2 as published` has random "
        "weights and no score.",
        "",
        *as_table(("network", "engine, precision", "one face", "16 faces", "difference", "score"), rows),
        "",
        "Training views per second, decoded, augmented and batched, by worker processes (0: in the trainer):",
        "",
        *as_table(("views of", "0 workers", "1 worker", "2 workers"), loaded),
        *limits.lines(),
    ]
    write_report(OUTPUT, lines)
    limits.check()


if __name__ == "__main__":
    main()
