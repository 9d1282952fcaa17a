"""The process that answers: frames on standard input, answers on what was standard output."""

from __future__ import annotations

import ctypes
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from . import READY
from .compiling import compiling, keep_kernels
from .frames import PROTOCOL, Frame, read_frame, write_frame
from .graph import GraphFileError, read_graph_file
from .operators.registry import GraphError

_DIES_WITH_PARENT = 1  # PR_SET_PDEATHSIG


def main(home: Path) -> None:
    """Answer until the input ends.

    Args:
        home: Folder of compiled kernels.
    """
    # Jittor and its compilers print to standard output, which belongs to the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    # Jittor compiles with forked helpers, which hold its lock and would outlive a process that is killed.
    if sys.platform == "linux":
        os.register_at_fork(after_in_child=_die_with_parent)
    home.mkdir(parents=True, exist_ok=True)
    keep_kernels(home)
    try:
        with compiling(home, alone=not (home / READY).exists()):
            jittor = _import_jittor()
    except Exception as error:  # Jittor raises what its compilers and downloads raise
        traceback.print_exc()
        _say(answers, _error("start", error))
        sys.exit(1)
    (home / READY).write_text(
        json.dumps({"jittor": jittor.__version__, "python": sys.version.split()[0]}), encoding="utf-8"
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the client ends this process
    _say(answers, Frame({"answer": "ok", "protocol": PROTOCOL, "jittor": jittor.__version__}, {}))
    server = Server(home)
    while (frame := read_frame(sys.stdin.buffer.read)) is not None:
        _say(answers, server.answer(frame))
    answers.close()
    # Jittor's own end waits for helpers that need no waiting for.
    sys.stderr.flush()
    os._exit(0)


def _import_jittor() -> Any:
    """Jittor, which compiles itself at its first import, with a compiler for each core.

    It would start one for every 3 GB of memory.
    """
    jittor_utils: Any = importlib.import_module("jittor_utils")
    jittor_utils.get_total_mem = lambda: 3 * 2**30 * (os.cpu_count() or 1)
    return importlib.import_module("jittor")


class Server:
    """Opened graphs, and the answers to requests."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.modules: dict[str, Any] = {}
        self.seen: set[tuple[Any, ...]] = set()

    def answer(self, frame: Frame) -> Frame:
        """The answer to a request; errors are answers as well."""
        asks: dict[str, Callable[[Frame], dict[str, Any]]] = {
            "open": self._open,
            "compute": self._compute,
            "weights": self._weights,
            "forward": self._forward,
            "backward": self._backward,
            "forget": self._forget,
            "close": self._close,
        }
        ask = frame.facts.get("ask", "")
        try:
            if ask not in asks:
                raise GraphError(f"{ask!r} cannot be asked: {', '.join(asks)}")
            return Frame({"answer": "ok"}, asks[ask](frame))
        except (GraphError, GraphFileError) as error:
            return _error("graph", error)
        except Exception as error:  # of Jittor, while it compiles or computes
            traceback.print_exc()
            return _error("compute", error)

    def _open(self, frame: Frame) -> dict[str, Any]:
        from .module import GraphModule
        from .training import TrainableGraph

        graph = read_graph_file(frame.arrays["graph"].tobytes())
        facts = frame.facts
        with compiling(self.home):
            self.modules[facts["key"]] = (
                TrainableGraph(graph, json.loads(facts["weights"]), json.loads(facts["normed"]))
                if "weights" in facts
                else GraphModule(graph)
            )
        return {}

    def _compute(self, frame: Frame) -> dict[str, Any]:
        jt: Any = importlib.import_module("jittor")

        def outputs() -> dict[str, Any]:
            with jt.no_grad():
                outputs = self.modules[frame.facts["key"]](frame.arrays)
                jt.sync(list(outputs.values()))
                return {name: value.numpy() for name, value in outputs.items()}

        return self._compiled(frame, outputs)

    def _weights(self, frame: Frame) -> dict[str, Any]:
        self._trainable(frame).replace(frame.arrays)
        return {}

    def _forward(self, frame: Frame) -> dict[str, Any]:
        graph, facts = self._trainable(frame), frame.facts
        return self._compiled(frame, lambda: graph.forward(facts["pass"], frame.arrays, int(facts["seed"])))

    def _backward(self, frame: Frame) -> dict[str, Any]:
        graph, facts = self._trainable(frame), frame.facts
        wanted = json.loads(facts["wanted"])
        return self._compiled(frame, lambda: graph.backward(facts["pass"], frame.arrays, wanted), len(wanted))

    def _forget(self, frame: Frame) -> dict[str, Any]:
        self._trainable(frame).forget(frame.facts["pass"])
        return {}

    def _trainable(self, frame: Frame) -> Any:
        from .training import TrainableGraph

        module = self.modules.get(frame.facts["key"])
        if not isinstance(module, TrainableGraph):
            raise GraphError(f"{frame.facts['key']!r} was not opened with weights, or not at all")
        return module

    def _compiled(self, frame: Frame, compute: Callable[[], dict[str, Any]], *more: object) -> dict[str, Any]:
        """What `compute` returns, noted as a compilation if this kind of request is new."""
        shapes = [(name, array.shape) for name, array in frame.arrays.items()]
        kind = (frame.facts["ask"], frame.facts["key"], *more, *shapes)
        if kind in self.seen:  # its kernels are compiled
            return compute()
        with compiling(self.home):
            outputs = compute()
        self.seen.add(kind)
        return outputs

    def _close(self, frame: Frame) -> dict[str, Any]:
        self.modules.pop(frame.facts["key"], None)
        return {}


def _say(answers: BinaryIO, frame: Frame) -> None:
    write_frame(answers.write, frame.facts, frame.arrays)
    answers.flush()


def _error(kind: str, error: BaseException) -> Frame:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return Frame({"answer": "error", "kind": kind, "message": "\n".join(lines[:20])}, {})


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
