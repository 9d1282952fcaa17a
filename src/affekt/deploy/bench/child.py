"""The processes that measure: `python -m affekt.deploy.bench.child JOB`, with a job as JSON.

Each job writes lines of JSON on standard output as it goes on, so that what was measured before a process is
ended for its time still counts. Only what a job needs is imported, and when it needs it: the time of imports
is measured as well.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from affekt.deploy.backends.network import Backend, Precision
    from affekt.deploy.bench.inputs import BenchInputs
    from affekt.deploy.runtime.predictor import Predictor

Emit = Callable[[Mapping[str, Any]], None]
Job = Mapping[str, Any]
WARM_UP, MOST_CALLS = 2, 100  # calls of each pair of threads and size
PAUSE_S = 0.005  # threads of an engine spin for a moment after a call, and would slow the next one


def probe(job: Job, emit: Emit) -> None:
    """Facts of a bundle, the engine that `auto` chooses, and the arrays of the input for other processes."""
    from affekt.core.files.content import media_key
    from affekt.core.sample import Sample
    from affekt.deploy.bench.inputs import generated, read_input

    predictor = _open(job, threads=None)
    file = Path(job["file"]) if job["file"] else None
    spec, task = predictor.preprocess.spec, predictor.task
    inputs = read_input(predictor, file) if file else generated(spec, task)
    inputs.save(Path(job["arrays"]))
    emit(
        {
            "bundle": {
                "method": predictor.provenance.method,
                "task": task.name,
                "modality": predictor.modality,
                "precision": str(predictor.document.get("precision", "f32")),
                "weights_sha256": predictor.provenance.weights_sha256,
                "version": predictor.provenance.bundle_version,
            },
            "by_cells": inputs.by_cells,
            "unit": inputs.unit,
            "engine": getattr(predictor.network, "name", predictor.backend),
            "rows": inputs.sizes,
            "file": f"{file.suffix} {media_key(Sample('', {'file': file}))}" if file else "",
            "file_rows": len(next(iter(inputs.arrays.values()))) if file else 0,
        }
    )


def start(job: Job, emit: Emit) -> None:
    """One answer of a new process: seconds of import, load and run, and the most memory."""
    from affekt.deploy.bench.inputs import answer
    from affekt.deploy.bench.machine import peak_bytes, used_bytes
    from affekt.deploy.runtime import bundle  # noqa: F401  the engine, which opening would import

    imported = time.time()
    predictor = _open(job, threads=None, expected=job["expected"])
    loaded, memory = time.time(), used_bytes()
    if job["file"]:
        begin = time.perf_counter()
        next(predictor.predict(Path(job["file"])))
    else:
        batch = _inputs(job).batch(job["size"])
        begin = time.perf_counter()
        answer(predictor.network, batch)
    run_s = time.perf_counter() - begin
    emit(
        {
            "engine": getattr(predictor.network, "name", predictor.backend),
            "import_s": imported - job["begun"],
            "load_s": loaded - imported,
            "run_s": run_s,
            "loaded_bytes": memory,
            "peak_bytes": peak_bytes(),
        }
    )


def read(job: Job, emit: Emit) -> None:
    """Answers to a file, some turns: what decoding, the network and the answer take."""
    from dataclasses import replace

    from affekt.core.sample import Skipped
    from affekt.deploy.bench.clock import timed_network

    end = time.monotonic() + job["seconds"]
    predictor = _open(job, threads=None)
    for _ in range(job["turns"]):
        network = timed_network(predictor.network)
        begin = time.perf_counter()
        answers = list(replace(predictor, network=network).predict(Path(job["file"])))
        done = time.perf_counter()
        emit(
            {
                "decode_s": network.last - begin - network.seconds,
                "network_s": network.seconds,
                "answer_s": done - network.last,
                "items": sum(not isinstance(item, Skipped) for item in answers),
            }
        )
        if time.monotonic() + (done - begin) > end:
            return


def count(job: Job, emit: Emit) -> None:
    """Multiply-adds of batches."""
    from affekt.deploy.bench.multiply_adds import network_multiply_adds

    predictor = _open({**job, "backend": "onnxruntime", "precision": "f32"}, threads=None)
    for size in job["sizes"]:
        counted = network_multiply_adds(predictor.network, _inputs(job).batch(size))
        emit({"size": size, "multiply_adds": counted.total, "not_counted": counted.not_counted})


def turns(job: Job, emit: Emit) -> None:
    """Calls of all pairs of threads and size in turn, with a matrix product of each number of threads."""
    from affekt.deploy.backends.network import graph_network
    from affekt.deploy.bench.inputs import answer
    from affekt.deploy.bench.matrix_product import product_graph, product_input

    end = time.monotonic() + job["seconds"]
    inputs, matrix = _inputs(job), product_input()
    pairs = [(int(threads), int(size)) for threads, size in job["pairs"]]
    calls: dict[tuple[int, int], Callable[[], object]] = {}  # size 0: the matrix product
    for threads in sorted({threads for threads, _ in pairs}):
        network = _open(job, threads=threads).network
        for size in (size for other, size in pairs if other == threads):
            batch = inputs.batch(size)
            calls[threads, size] = lambda network=network, batch=batch: answer(network, batch)
        product = graph_network(
            product_graph(), backend=job["backend"], precision=job["precision"], threads=threads
        )
        calls[threads, 0] = lambda product=product: product.outputs(matrix)
    cost: dict[tuple[int, int], float] = {}
    for pair, call in calls.items():
        cost[pair] = min(_seconds(call) for _ in range(WARM_UP))
    # Where one call takes long, a round holds several of the short ones.
    repeats = {pair: max(1, min(10, int(max(cost.values()) / (4 * one)))) for pair, one in cost.items()}
    round_s = sum(repeats[pair] * (one + PAUSE_S) for pair, one in cost.items())
    made = 0
    while made < MOST_CALLS and (made == 0 or time.monotonic() + round_s < end):
        for pair, call in calls.items():
            for _ in range(repeats[pair]):
                emit({"threads": pair[0], "size": pair[1], "seconds": _seconds(call)})
        made += 1


def _seconds(call: Callable[[], object]) -> float:
    time.sleep(PAUSE_S)
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _open(job: Job, *, threads: int | None, expected: int | None = None) -> Predictor:
    from affekt.deploy.runtime.predictor import Predictor

    backend: Backend = job["backend"]
    precision: Precision = job["precision"]
    return Predictor.open(
        job["bundle"], backend=backend, precision=precision, threads=threads, expected=expected
    )


def _inputs(job: Job) -> BenchInputs:
    from affekt.deploy.bench.inputs import BenchInputs

    return BenchInputs.saved(Path(job["arrays"]), job["by_cells"])


JOBS: Mapping[str, Callable[[Job, Emit], None]] = {
    "probe": probe,
    "start": start,
    "read": read,
    "count": count,
    "turns": turns,
}


def main() -> None:
    """Do the job that the first argument states."""
    from affekt.core.errors import AffektError

    job = json.loads(sys.argv[1])
    # Engines may print: what they print is not a line of ours.
    with os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8") as lines:
        os.dup2(2, 1)

        def emit(values: Mapping[str, Any]) -> None:
            lines.write(json.dumps(dict(values)) + "\n")

        try:
            JOBS[job["job"]](job, emit)
        except AffektError as error:
            emit({"error": str(error), "type": type(error).__name__})


if __name__ == "__main__":
    main()
