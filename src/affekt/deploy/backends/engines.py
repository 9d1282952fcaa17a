"""The engines that compute a graph: ONNX Runtime, which the core installs, and OpenVINO, if it is installed.

Engines get only graphs that passed `affekt.core.graphs.check`, from `affekt.deploy.backends.network`.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np
import onnxruntime

from affekt.core.errors import FolderError, UsageError, require
from affekt.deploy.backends.forks import keep_after_fork, openvino_starts, using_openvino
from affekt.deploy.backends.names import Precision

Compute = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]  # all outputs by name

# Importing OpenVINO imports its model converter, which reports the import over the network. affekt opens no
# connection unless the user asks for it, so the converter is left out. That also halves the import time.
_CONVERTER = "openvino.tools.ovc"

_making_core = threading.Lock()  # two threads that load their first networks at the same time share one core


def open_onnxruntime(graph: bytes, threads: int | None) -> Compute:
    """A graph in ONNX Runtime.

    Raises:
        FolderError: It cannot be loaded.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # errors are raised, and need no second message on stderr
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
        except Exception as error:  # as above
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
        # With pinning, threads of two processes would share one core while other cores are idle.
        "ENABLE_CPU_PINNING": False,
    }
    if threads is not None:
        settings["INFERENCE_NUM_THREADS"] = threads
    try:
        with using_openvino():
            compiled = core.compile_model(core.read_model(graph), "CPU", settings)
        names = [output.get_any_name() for output in compiled.outputs]
        # It drops inputs that no answer depends on, and refuses values for them.
        read = {name for one in compiled.inputs for name in one.get_names()}
    except (RuntimeError, UnicodeDecodeError) as error:  # messages quote names of nodes as they are
        raise FolderError(f"OpenVINO cannot load the graph: {error}") from None
    # Two threads must not use a request at the same time, and creating one takes longer than a small network.
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
                given = {name: values for name, values in batch.items() if name in read}
                answer = request.infer(given, share_inputs=True)
            except (RuntimeError, UnicodeDecodeError) as error:
                raise FolderError(f"OpenVINO cannot compute the graph: {error}") from None
            # The request owns the memory of its outputs and overwrites it in the next call.
            outputs = {name: np.array(answer[name]) for name in names}
            idle.append(request)
        return outputs

    return compute


def import_openvino(needed_by: str) -> ModuleType:
    """OpenVINO, without its converter.

    Raises:
        MissingExtra: It is not installed.
    """
    if sys.modules.get("openvino") is not None:  # other code imported it: leave it as it is
        return sys.modules["openvino"]
    sys.modules[_CONVERTER] = None  # pyright: ignore[reportArgumentType]: blocks the import
    try:
        return require("openvino", extra="openvino", needed_by=needed_by)
    finally:
        del sys.modules[_CONVERTER]


@functools.cache
def _core(openvino: ModuleType) -> Any:
    """The OpenVINO core of this process, which is never released.

    OpenVINO's CPU plugin gives a signal stack to the thread that loads it, and removes it in the thread that
    releases the plugin. If the two threads differ, the next signal (a Ctrl-C, the end of a loader's worker)
    kills the process.
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
