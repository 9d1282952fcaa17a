"""Who computes a bundle's graph: ONNX Runtime, which the core brings, or OpenVINO, where it is installed.

Both read the same `model.onnx`. ONNX Runtime is the one that export compared with PyTorch; OpenVINO is often
faster on Intel processors, and alone can compute in bf16.
"""

from __future__ import annotations

import functools
import logging
import statistics
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Literal

import numpy as np
import onnxruntime

from affekt.core.errors import FolderError, UsageError, require

Backend = Literal["onnxruntime", "openvino", "auto"]
Precision = Literal["f32", "bf16"]

ANSWER = "logits"  # the output that predictions are made from, in every graph
CELLS, FEATURES = "cells", "features"  # of an encoder's graph: what goes in, and what comes out
# Bytes of the graph times inputs from which `auto` tries OpenVINO: importing, compiling and timing it costs
# 0.5 s for a graph of 6 MB and 3 s for one of 180 MB; below this they would not be earned back.
WORTH_TRYING = 20e9
TRIAL_S = 1.0  # at most, for timing both
TRIAL_ROUNDS = 7
SPIN_S = 0.005  # for which ONNX Runtime's threads go on spinning after a call, and slow the other engine's
# Importing OpenVINO imports its converter, and that tells its makers so over the network. Nothing in affekt
# opens a connection unasked: the converter is kept out, which also halves the time of the import.
_REPORTS_ITS_IMPORT = "openvino.tools.ovc"

_MAKING_CORE = threading.Lock()  # two threads that load their first networks at once share one, too

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class GraphNetwork:
    """A graph as a function of its inputs.

    Attributes:
        outputs: Computes all that the graph answers with, by name.
        name: Engine and precision, such as `openvino bf16`.
    """

    outputs: Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]
    name: str

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """The logits alone."""
        return self.outputs(batch)[ANSWER]


@dataclass(frozen=True)
class PartedGraphNetwork:
    """Graphs of a localization network whose frozen encoder is one by itself (see `PartedNetwork`).

    Attributes:
        head: From features, and what else goes in, to logits of cells.
        encoder: From cells to features.
        encoded: The input of the whole that the encoder reads.
    """

    head: GraphNetwork
    encoder: GraphNetwork
    encoded: str

    @property
    def name(self) -> str:
        """Engine and precision."""
        return self.head.name

    def outputs(self, batch: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """All that the network answers with to features, by name."""
        return self.head.outputs(batch)

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """The logits alone."""
        return self.head(batch)

    def encode(self, cells: np.ndarray) -> np.ndarray:
        """Features (t, d) of cells (t, ...)."""
        return self.encoder.outputs({CELLS: cells})[FEATURES]


def graph_network(
    graph: bytes,
    *,
    backend: Backend = "onnxruntime",
    precision: Precision = "f32",
    threads: int | None = None,
    expected: int | None = None,
) -> GraphNetwork:
    """An ONNX graph as a function of its inputs.

    Args:
        backend: `auto` times both engines and keeps the faster one; ONNX Runtime where OpenVINO is not
            installed. Their answers agree to about 1e-5.
        precision: What OpenVINO computes in. Left to itself it takes bf16 wherever the processor has it.
        threads: Processor cores one call may use; all if not given.
        expected: How many inputs will come, if known: for a few, `auto` does not try.

    Raises:
        FolderError: The graph cannot be loaded.
        MissingExtra: OpenVINO was asked for and is not installed.
        UsageError: The engine, or the processor, does not compute in that precision.
    """
    for value, known in ((backend, ("auto", "onnxruntime", "openvino")), (precision, ("f32", "bf16"))):
        if value not in known:
            raise UsageError(f"{value!r} is not known: choose {', '.join(known)}")
    if precision == "bf16":
        if backend == "onnxruntime":
            raise UsageError(
                "onnxruntime does not compute in bf16: choose backend openvino, or precision f32"
            )
        return _openvino(graph, precision, threads)
    if backend == "openvino":
        return _openvino(graph, precision, threads)
    session = _session(graph, threads)
    few = expected is not None and expected * len(graph) < WORTH_TRYING
    if backend == "onnxruntime" or few or find_spec("openvino") is None:
        return _onnxruntime(session)
    return _faster(session, graph, threads)


def _session(graph: bytes, threads: int | None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors only: warnings about unused initializers help nobody
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except (
        Exception
    ) as error:  # the runtime raises exceptions of its own C++ module, without a common public type
        raise FolderError(f"the graph cannot be loaded: {error}") from None


def _onnxruntime(session: onnxruntime.InferenceSession) -> GraphNetwork:
    names = [output.name for output in session.get_outputs()]

    def compute(batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(names, map(np.asarray, session.run(names, dict(batch))), strict=True))

    return GraphNetwork(compute, "onnxruntime f32")


def _openvino(graph: bytes, precision: Precision, threads: int | None) -> GraphNetwork:
    openvino = _import_openvino(f"precision {precision}" if precision != "f32" else "backend openvino")
    with _MAKING_CORE:
        core = _core(openvino)
    if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise UsageError("this processor does not compute in bf16: choose precision f32")
    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": precision,
        "PERFORMANCE_HINT": "LATENCY",
        # Pinned, the threads of two processes would share one core while others are idle.
        "ENABLE_CPU_PINNING": False,
    }
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    try:
        compiled = core.compile_model(core.read_model(graph), "CPU", settings)
    except RuntimeError as error:
        raise FolderError(f"OpenVINO cannot load the graph: {error}") from None
    # A request must not be used by two threads at once, and making one costs more than a small network.
    local = threading.local()
    names = [output.get_any_name() for output in compiled.outputs]

    def compute(batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        if not hasattr(local, "request"):
            local.request = compiled.create_infer_request()
        answer = local.request.infer(dict(batch), share_inputs=True)
        # The request owns the answer's memory and fills it again next time.
        return {name: np.array(answer[name]) for name in names}

    return GraphNetwork(compute, f"openvino {precision}")


def _faster(session: onnxruntime.InferenceSession, graph: bytes, threads: int | None) -> GraphNetwork:
    """The engine that answers one random input sooner, the two called in turn."""
    try:
        rivals = (_onnxruntime(session), _openvino(graph, "f32", threads))
    except FolderError as error:  # ONNX Runtime loads it, so there is an answer to give
        log.info("%s", error)
        return _onnxruntime(session)
    batch = _random_input(session)
    times: list[list[float]] = [[], []]
    for rival in rivals:
        rival(batch)  # the first call prepares memory
    begin = time.perf_counter()
    while len(times[0]) < TRIAL_ROUNDS and time.perf_counter() - begin < TRIAL_S:
        for rival, taken in zip(rivals, times, strict=True):
            time.sleep(SPIN_S)
            start = time.perf_counter()
            rival(batch)
            taken.append(time.perf_counter() - start)
    medians = [statistics.median(taken) for taken in times]
    for rival, median in zip(rivals, medians, strict=True):
        log.debug("%s: %.1f ms", rival.name, median * 1e3)
    return rivals[0] if medians[0] <= medians[1] else rivals[1]


def _random_input(session: onnxruntime.InferenceSession) -> dict[str, np.ndarray]:
    """A batch of one in standard normal numbers; open axes get four places."""
    rng = np.random.default_rng(0)
    kinds = {"tensor(float)": np.float32, "tensor(int64)": np.int64}
    return {
        entry.name: rng.standard_normal(
            (1, *(n if isinstance(n, int) else 4 for n in entry.shape[1:]))
        ).astype(kinds.get(entry.type, np.float32))
        for entry in session.get_inputs()
    }


@functools.cache
def _core(openvino: ModuleType) -> Any:
    """The one of this process, which is never given back.

    OpenVINO's CPU plugin lends the thread that loads it a stack for signals, and takes it back in whichever
    thread the plugin's last user ends. If that is another one, the next signal (a Ctrl-C, a loader's worker
    that is done) kills the process.
    """
    return openvino.Core()


def _import_openvino(needed_by: str) -> ModuleType:
    if sys.modules.get("openvino") is not None:  # someone else imported it, as they wanted it
        return sys.modules["openvino"]
    sys.modules[_REPORTS_ITS_IMPORT] = None  # pyright: ignore[reportArgumentType]: the language's own way
    try:
        return require("openvino", extra="openvino", needed_by=needed_by)
    finally:
        del sys.modules[_REPORTS_ITS_IMPORT]
