"""The engines that compute a graph: ONNX Runtime, which the core brings, and OpenVINO, where it is installed.

An engine gets graphs that `graph_check` let through, from `backends` alone.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Literal

import numpy as np
import onnxruntime

from affekt.core.errors import FolderError, UsageError, require
from affekt.deploy.backends.forks import keep_after_fork, openvino_starts, using_openvino

Precision = Literal["f32", "bf16"]
Compute = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]  # all outputs by name

# Importing OpenVINO imports its converter, and that tells its makers so over the network. Nothing in affekt
# opens a connection unasked: the converter is kept out, which also halves the time of the import.
_REPORTS_ITS_IMPORT = "openvino.tools.ovc"

_making_core = threading.Lock()  # two threads that load their first networks at once share one, too


def open_onnxruntime(graph: bytes, threads: int | None) -> Compute:
    """A graph in ONNX Runtime.

    Raises:
        FolderError: It cannot be loaded.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what is refused is raised; a second message on stderr does not help
    if threads is not None:
        options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except (
        Exception
    ) as error:  # the runtime raises exceptions of its own C++ module, without a common public type
        raise FolderError(f"the graph cannot be loaded: {error}") from None
    keep_after_fork(session)
    names = [output.name for output in session.get_outputs()]

    def compute(batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        try:
            answer = session.run(names, dict(batch))
        except Exception as error:  # of its own kind, as above
            raise FolderError(f"the graph cannot be computed: {error}") from None
        return dict(zip(names, map(np.asarray, answer), strict=True))

    return compute


def open_openvino(graph: bytes, precision: Precision, threads: int | None) -> Compute:
    """A graph in OpenVINO.

    Raises:
        FolderError: It cannot be loaded.
        MissingExtra: OpenVINO is not installed.
        UsageError: The processor does not compute in that precision.
    """
    openvino = import_openvino(f"precision {precision}" if precision != "f32" else "backend openvino")
    with using_openvino(), _making_core:
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
        with using_openvino():
            compiled = core.compile_model(core.read_model(graph), "CPU", settings)
    except RuntimeError as error:
        raise FolderError(f"OpenVINO cannot load the graph: {error}") from None
    names = [output.get_any_name() for output in compiled.outputs]
    # A request must not be used by two threads at once, and making one costs more than a small network.
    idle: list[Any] = []
    keep_after_fork(compiled)

    def compute(batch: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        with using_openvino():
            try:
                request = idle.pop()
            except IndexError:
                request = compiled.create_infer_request()
                keep_after_fork(request)
            try:
                answer = request.infer(dict(batch), share_inputs=True)
            except RuntimeError as error:
                raise FolderError(f"OpenVINO cannot compute the graph: {error}") from None
            # The request owns the answer's memory and fills it again next time.
            outputs = {name: np.array(answer[name]) for name in names}
            idle.append(request)
        return outputs

    return compute


def import_openvino(needed_by: str) -> ModuleType:
    """OpenVINO, without its converter.

    Raises:
        MissingExtra: It is not installed.
    """
    if sys.modules.get("openvino") is not None:  # someone else imported it, as they wanted it
        return sys.modules["openvino"]
    sys.modules[_REPORTS_ITS_IMPORT] = None  # pyright: ignore[reportArgumentType]: the language's own way
    try:
        return require("openvino", extra="openvino", needed_by=needed_by)
    finally:
        del sys.modules[_REPORTS_ITS_IMPORT]


@functools.cache
def _core(openvino: ModuleType) -> Any:
    """The one of this process, which is never given back.

    OpenVINO's CPU plugin lends the thread that loads it a stack for signals, and takes it back in whichever
    thread the plugin's last user ends. If that is another one, the next signal (a Ctrl-C, a loader's worker
    that is done) kills the process.
    """
    openvino_starts()
    core = openvino.Core()
    keep_after_fork(core)
    return core


def _after_fork_in_child() -> None:
    global _making_core
    _making_core = threading.Lock()  # a thread of the parent may have held it


if hasattr(os, "register_at_fork"):  # not on Windows, which cannot fork
    os.register_at_fork(after_in_child=_after_fork_in_child)
