"""A graph in Jittor, asked over the pipes of its process."""

from __future__ import annotations

import weakref
from collections.abc import Mapping

import numpy as np

from affekt.core.errors import FolderError, require
from affekt.deploy.backends.jittor.computing.graph import write_graph
from affekt.deploy.backends.jittor.computing.operators.catalogue import MODULES as MODULES
from affekt.deploy.backends.jittor.computing.operators.registry import unknown_operator
from affekt.deploy.backends.jittor.graph_read import read_graph
from affekt.deploy.backends.jittor.home import jittor_home
from affekt.deploy.backends.jittor.problems import require_jittor
from affekt.deploy.backends.jittor.process import JittorProcess, shared_process


def graph_file(graph: bytes, name: str) -> bytes:
    """An ONNX graph as the file that the importer reads.

    Args:
        name: Name of the graph in errors.

    Raises:
        FolderError: The importer does not know one of its operators.
        MissingExtra: safetensors is not installed.
    """
    require("safetensors", extra="jittor", needed_by="backend jittor")
    read = read_graph(graph, name)
    if problem := unknown_operator(read):
        raise FolderError(f"{name} cannot be computed in Jittor: {problem}; choose another backend")
    return write_graph(read)


class JittorGraph:
    """A graph in a process with Jittor, as a function of its inputs."""

    def __init__(self, process: JittorProcess, graph: bytes) -> None:
        self.process, self.key = process, process.open(graph)
        weakref.finalize(self, process.close, self.key).atexit = False

    def __call__(self, batch: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        return self.process.compute(self.key, batch)


def open_jittor(graph: bytes, threads: int | None, name: str = "the graph") -> JittorGraph:
    """A graph in Jittor.

    Args:
        threads: Processor cores one call may use; all if not given.
        name: Name of the graph in errors.

    Raises:
        FolderError: It cannot be imported, or the process of Jittor cannot start.
        MissingExtra: Jittor is not set up.
    """
    content = graph_file(graph, name)
    home = jittor_home()
    require_jittor(home, "backend jittor")
    return JittorGraph(shared_process(home, threads), content)
