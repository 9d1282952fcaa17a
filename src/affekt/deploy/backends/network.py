"""Graphs as functions: the engine that computes a bundle's graph, and how other processes open it again.

All engines read the same `model.onnx`. Export compares ONNX Runtime with PyTorch. OpenVINO is often faster
on Intel processors, and is the only one that computes in bf16. Jittor computes in a process of its own.
"""

from __future__ import annotations

import logging
import os
import statistics
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from affekt.core.errors import FolderError, UsageError
from affekt.core.files.sealed import read_sealed
from affekt.core.graphs.check import Port, Ports, check_graph
from affekt.deploy.backends.engines import Compute, open_onnxruntime, open_openvino
from affekt.deploy.backends.forks import openvino_can_open, openvino_is_broken
from affekt.deploy.backends.graph_contract import ANSWER as ANSWER
from affekt.deploy.backends.graph_contract import CELLS as CELLS
from affekt.deploy.backends.graph_contract import FEATURES as FEATURES
from affekt.deploy.backends.graph_contract import GraphContract
from affekt.deploy.backends.jittor.engine import open_jittor
from affekt.deploy.backends.names import BACKENDS, PRECISIONS, Backend, Engine, Precision

# `auto` tries OpenVINO if the bytes of the graph times the number of inputs are at least this. Importing,
# compiling and timing it takes 0.5 s for a graph of 6 MB and 3 s for one of 180 MB: too much for less work.
TRIAL_WORK = 20e9
TRIAL_S = 1.0  # longest time for timing both
TRIAL_ROUNDS = 7
SPIN_S = 0.005  # ONNX Runtime's threads spin for this time after a call, and slow down the other engine's

log = logging.getLogger(__name__)


@runtime_checkable
class GraphSource(Protocol):
    """Where a graph is read again in a worker process or after a fork. Can be pickled."""

    def read(self) -> bytes:
        """The graph.

        Raises:
            FolderError: It is gone or was replaced.
        """
        ...


@dataclass(frozen=True)
class GraphBytes:
    """A graph in memory; pickled as a whole."""

    content: bytes

    def read(self) -> bytes:
        """The graph."""
        return self.content

    def __repr__(self) -> str:
        return f"{len(self.content)} bytes"


@dataclass(frozen=True)
class BundleGraph:
    """A graph of a bundle; pickled as a reference.

    Attributes:
        bundle: Absolute path of the bundle.
        sha256: Digest of the bundle's manifest, which states the digests of its files.
        file: Name of the graph in the bundle.
        method: Method of the bundle, for errors.
    """

    bundle: Path
    sha256: str
    file: str
    method: str

    def read(self) -> bytes:
        """The graph.

        Raises:
            FolderError: The bundle is gone or was replaced.
        """
        if not self.bundle.exists():
            raise FolderError(f"{self.bundle} is gone, so its graph cannot be opened in this process")
        sealed = read_sealed(self.bundle, kind="bundle")
        if sealed.sha256 != self.sha256:
            raise FolderError(
                f"{self.bundle} was replaced since it was loaded (version {self.sha256[:12]} then, "
                f"{sealed.sha256[:12]} now), so its graph cannot be opened in this process: load it again"
            )
        return sealed.read(self.file)

    def __repr__(self) -> str:
        return f"{self.bundle}/{self.file} of {self.method}"


class _Opened(NamedTuple):
    """A graph in an engine of one process."""

    process: int
    compute: Compute


class GraphNetwork:
    """A graph as a function of its inputs.

    It can be pickled. In another process, which unpickled it or was forked, it opens its graph again at the
    first use. Several threads may use it at the same time. Copies share it.

    Args:
        source: Where the graph is read when it is opened again.
        engine: Engine that computes it.
        threads: Processor cores one call may use; all if not given.
        contract: Inputs and outputs that it must have.
        compute: The graph in that engine, if it is open already.
    """

    def __init__(
        self,
        source: GraphSource,
        engine: Engine,
        precision: Precision = "f32",
        threads: int | None = None,
        contract: GraphContract | None = None,
        compute: Compute | None = None,
    ) -> None:
        self.source = source
        self.engine: Engine = engine
        self.precision: Precision = precision
        self.threads, self.contract = threads, contract
        self._opened = _Opened(os.getpid(), compute) if compute else None

    @property
    def name(self) -> str:
        """Engine and precision, such as `openvino bf16`."""
        return f"{self.engine} {self.precision}"

    def outputs(self, batch: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """All outputs of the graph by name.

        Raises:
            FolderError: The graph cannot be opened again in this process, or an output has a wrong shape.
        """
        opened = self._opened
        if opened is None or not self._works_here(opened):
            opened = self._open()
        answer = opened.compute(batch)
        if self.contract is not None:
            self.contract.check_answer(answer, len(next(iter(batch.values()))))
        return answer

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """The logits only."""
        return self.outputs(batch)[ANSWER]

    def _works_here(self, opened: _Opened) -> bool:
        """Whether an opened graph can be used in this process; see `forks`."""
        if opened.process == os.getpid():
            return True
        return self.engine == "openvino" and not openvino_is_broken()

    def _open(self) -> _Opened:
        """Open the graph in this process, once for all threads."""
        with _opening:
            opened = self._opened
            if opened is None or not self._works_here(opened):
                network = graph_network(
                    self.source.read(),
                    backend=self.engine,
                    precision=self.precision,
                    threads=self.threads,
                    contract=self.contract,
                )
                opened = self._opened = network._opened
            assert opened is not None
            return opened

    def __reduce__(self) -> tuple[Any, ...]:
        return GraphNetwork, (self.source, self.engine, self.precision, self.threads, self.contract)

    def __copy__(self) -> GraphNetwork:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> GraphNetwork:
        return self

    def __repr__(self) -> str:
        return f"GraphNetwork({self.name}, {self.source!r})"


@dataclass(frozen=True)
class StagedGraphNetwork:
    """A localization network in two graphs: its frozen encoder and its head (see `StagedNetwork`).

    Attributes:
        head: From features and further inputs to logits of cells.
        encoder: From cells to features.
        encoded: The input of the network that the encoder reads.
    """

    head: GraphNetwork
    encoder: GraphNetwork
    encoded: str

    @property
    def name(self) -> str:
        """Engine and precision."""
        return self.head.name

    def outputs(self, batch: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """All outputs of the head by name; the batch holds features in place of cells."""
        return self.head.outputs(batch)

    def __call__(self, batch: Mapping[str, np.ndarray]) -> np.ndarray:
        """The logits only."""
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
    contract: GraphContract | None = None,
    source: GraphSource | None = None,
) -> GraphNetwork:
    """An ONNX graph as a function of its inputs. Engines get only graphs that pass `check_graph`.

    Args:
        backend: `auto` times ONNX Runtime and OpenVINO and keeps the faster one; ONNX Runtime if OpenVINO is
            not installed. Their answers agree to about 1e-5, and so do Jittor's, which only `jittor` chooses.
        precision: Precision of OpenVINO, whose own default is bf16 if the processor has it.
        threads: Processor cores one call may use; all if not given.
        expected: Number of inputs, if known: for a few, `auto` does not try OpenVINO.
        contract: Inputs and outputs that it must have.
        source: Where other processes read it again; the bytes if not given.

    Raises:
        FolderError: The graph cannot be loaded, or does not fit the contract.
        MissingExtra: OpenVINO was asked for and is not installed.
        UsageError: The engine, or the processor, does not compute in that precision; or bf16 was asked for in
            a process forked from one that used OpenVINO.
    """
    for value, known in ((backend, BACKENDS), (precision, PRECISIONS)):
        if value not in known:
            raise UsageError(f"{value!r} is not known: choose {', '.join(known)}")
    if precision == "bf16" and backend not in ("auto", "openvino"):
        raise UsageError(f"{backend} does not compute in bf16: choose backend openvino, or precision f32")
    source = source or GraphBytes(graph)
    name = "the graph" if isinstance(source, GraphBytes) else repr(source)
    ports = check_graph(graph, name)
    if contract is not None:
        contract.check(ports, name)

    def opened(engine: Engine) -> GraphNetwork:
        compute: Compute
        if engine == "openvino":
            compute = open_openvino(graph, precision, threads)
        elif engine == "jittor":
            compute = open_jittor(graph, threads, name)
        else:
            compute = open_onnxruntime(graph, threads)
        return GraphNetwork(source, engine, precision, threads, contract, compute)

    if backend == "jittor":
        return opened("jittor")
    if precision == "bf16" or backend == "openvino":
        if openvino_can_open():
            return opened("openvino")
        _note_fork(precision)
        return opened("onnxruntime")
    first = opened("onnxruntime")
    few = expected is not None and expected * len(graph) < TRIAL_WORK
    if backend == "onnxruntime" or few or find_spec("openvino") is None or not openvino_can_open():
        return first
    try:
        return _faster((first, opened("openvino")), ports)
    except FolderError as error:  # ONNX Runtime has loaded it
        log.info("%s", error)
        return first


def _note_fork(precision: Precision) -> None:
    """Warn that ONNX Runtime replaces OpenVINO in this process.

    Raises:
        UsageError: No other engine computes in that precision.
    """
    if precision != "f32":
        raise UsageError(
            f"this process was forked from one that used OpenVINO, so no graph can be opened in it here, and "
            f"no other engine computes in {precision}: load before the fork, start workers with the "
            f"method 'spawn', or choose precision f32"
        )
    log.warning(
        "this process was forked from one that used OpenVINO, so no graph can be opened in it here and ONNX "
        "Runtime computes instead; to keep OpenVINO, load before the fork or "
        "start workers with the method 'spawn'"
    )


def _faster(candidates: tuple[GraphNetwork, GraphNetwork], ports: Ports) -> GraphNetwork:
    """The network that computes one random input faster; the two are called in turn."""
    batch = _random_input(ports)
    times: list[list[float]] = [[], []]
    for candidate in candidates:
        candidate.outputs(batch)  # the first call prepares memory; an encoder has no logits
    begin = time.perf_counter()
    while len(times[0]) < TRIAL_ROUNDS and time.perf_counter() - begin < TRIAL_S:
        for candidate, taken in zip(candidates, times, strict=True):
            time.sleep(SPIN_S)
            start = time.perf_counter()
            candidate.outputs(batch)
            taken.append(time.perf_counter() - start)
    medians = [statistics.median(taken) for taken in times]
    for candidate, median in zip(candidates, medians, strict=True):
        log.debug("%s: %.1f ms", candidate.name, median * 1e3)
    return candidates[0] if medians[0] <= medians[1] else candidates[1]


def _random_input(ports: Ports) -> dict[str, np.ndarray]:
    """A batch of one in standard normal numbers; open axes get four places.

    Integers are 0: they may be ids of a vocabulary whose size the graph does not state.
    """
    rng = np.random.default_rng(0)

    def values(port: Port) -> np.ndarray:
        shape = (1, *(4 if n is None else n for n in port.dims[1:]))
        if np.dtype(port.dtype).kind in "iu":
            return np.zeros(shape, port.dtype)
        return rng.standard_normal(shape).astype(port.dtype)

    return {name: values(port) for name, port in ports.inputs.items()}


_opening = threading.Lock()


def _after_fork_in_child() -> None:
    global _opening
    _opening = threading.Lock()  # a thread of the parent may have held it


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
